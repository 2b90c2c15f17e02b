// SPDX-License-Identifier: Apache-2.0

import Configuration
import ConnectRuntimeKit
import Logging
import OpenConnect
import ServiceIntegration
import Testing

@Suite struct SettingsTests {
    private func config(_ variables: [String: String]) -> ConfigReader {
        ConfigReader(provider: EnvironmentVariablesProvider(environmentVariables: variables))
    }

    @Test func defaults() throws {
        let settings = try ServiceSettings(config([:]))
        #expect(settings.logLevel == .info)
        #expect("\(settings.metricsListen)" == "127.0.0.1:9464")
        #expect(!settings.isTracingEnabled)
        #expect(settings.pipelinesPath == nil)
    }

    @Test func variables() throws {
        let settings = try ServiceSettings(
            config([
                "LOG_LEVEL": "Debug", "METRICS_LISTEN": "[::1]:0", "TRACING_ENABLED": "on", "PIPELINES_PATH": "p.json",
            ])
        )
        #expect(settings.logLevel == .debug)
        #expect(settings.metricsListen == ListenAddress(host: "::1", port: 0))
        #expect(settings.isTracingEnabled)
        #expect(settings.pipelinesPath == "p.json")
    }

    @Test func otherProvidersAndPrefixes() throws {
        let provider = InMemoryProvider(
            values: ["service.tracing.enabled": true, "service.metrics.listen": "0.0.0.0:80"])
        let settings = try ServiceSettings(ConfigReader(provider: provider).scoped(to: "service"))
        #expect(settings.isTracingEnabled)
        #expect("\(settings.metricsListen)" == "0.0.0.0:80")
    }

    @Test func everythingWrongIsSaidTogether() throws {
        let wrong = [
            "LOG_LEVEL": "loud", "METRICS_LISTEN": "9464", "TRACING_ENABLED": "perhaps", "PIPELINES_PATH": "",
        ]
        let problems = try #require(throws: SettingProblems.self) { try ServiceSettings(config(wrong)) }
        #expect(
            problems.problems.map(\.keyPath) == [
                "log.level", "metrics.listen", "tracing.enabled", "pipelines.path",
            ]
        )
        #expect(problems.description.contains("'loud' is no level; there are trace, debug, info"))
        #expect(problems.description.contains("127.0.0.1:9464"))
        #expect(problems.description.contains("'perhaps' is neither true nor false"))
    }

    @Test(arguments: [
        ("127.0.0.1:9464", "127.0.0.1:9464"), ("localhost:0", "localhost:0"), ("[::1]:80", "[::1]:80"),
        ("0.0.0.0:65535", "0.0.0.0:65535"), (":80", "0.0.0.0:80"),
    ])
    func addresses(text: String, description: String) throws {
        #expect("\(try ListenAddress(text))" == description)
    }

    @Test(arguments: [
        "", "80", "host", "http://a:80", "host:", "host:x", "host:65536", "host:-1", "::1:80", "[::1]", "a:b:80",
        "h:+1x",
    ])
    func noAddresses(text: String) {
        #expect(throws: ConnectorError.self) { try ListenAddress(text) }
    }

    // MARK: References

    private func resolved(_ text: String, _ config: ConfigReader) throws -> String {
        try self.text(try SettingDocument(json: "{\"a\": \"\(text)\"}", references: SettingReferences(config)))
    }

    /// The only member of a document.
    private func text(_ document: SettingDocument) throws -> String {
        guard case .object(let object) = try StructuredValue(setting: document.root),
            case .string(let text)? = object.members.first?.value
        else { return "no text" }
        return text
    }

    @Test(arguments: [
        ("${env:database.password}", "s3cret"), ("${env:DATABASE_PASSWORD}", "s3cret"),
        ("x ${env:missing.key:-other} y", "x other y"), ("$${env:database.password}", "${env:database.password}"),
    ])
    func variablesAreAnsweredByTheProviders(text: String, value: String) throws {
        #expect(try resolved(text, config(["DATABASE_PASSWORD": "s3cret"])) == value)
    }

    @Test func valuesNeedNotBeTexts() throws {
        let provider = InMemoryProvider(values: ["port": 80, "on": true, "half": 0.5])
        #expect(try resolved("${env:port} ${env:on} ${env:half}", ConfigReader(provider: provider)) == "80 true 0.5")
    }

    @Test func firstProvidersComeFirst() throws {
        let config = ConfigReader(providers: [
            InMemoryProvider(values: ["token": "first"]),
            EnvironmentVariablesProvider(environmentVariables: ["TOKEN": "second", "OTHER": "third"]),
        ])
        #expect(try resolved("${env:token} ${env:other}", config) == "first third")
    }

    @Test func whatIsMissingIsNamed() throws {
        let error = #expect(throws: (any Error).self) { try resolved("${env:no.such.key}", config([:])) }
        #expect("\(try #require(error))".contains("no.such.key"))
    }

    @Test func valuesAreReadAsSecrets() throws {
        let log = AccessRecord()
        let provider = EnvironmentVariablesProvider(environmentVariables: ["TOKEN": "s3cret"])
        let config = ConfigReader(provider: provider, accessReporter: log)
        #expect(try resolved("${env:token}", config) == "s3cret")
        #expect(!log.texts.isEmpty)
        #expect(!log.texts.contains { $0.contains("s3cret") })
    }

    @Test func filesAreRead() async throws {
        try await withTemporaryDirectory { directory in
            try directory.write("s3cret\n", to: "token")
            #expect(try resolved("${file:\(directory["token"])}", config([:])) == "s3cret")
            let error = #expect(throws: (any Error).self) { try resolved("${file:\(directory["none"])}", config([:])) }
            #expect("\(try #require(error))".contains(directory["none"]))
        }
    }

    @Test func pipelinesComeFromTheFileOrAreBundled() async throws {
        try await withTemporaryDirectory { directory in
            try directory.write("{ \"name\": \"${env:own.name}\" }", to: "pipelines.json")
            let config = config(["PIPELINES_PATH": directory["pipelines.json"], "OWN_NAME": "shop"])
            let document = try ServiceSettings(config).pipelines(config, bundled: "{ \"name\": \"bundled\" }")
            #expect(try text(document) == "shop")

            let bundled = try ServiceSettings(self.config([:])).pipelines(config, bundled: "{ \"name\": \"bundled\" }")
            #expect(try text(bundled) == "bundled")
        }
    }

    @Test func aMissingFileIsNamed() throws {
        let config = config(["PIPELINES_PATH": "/no/such/file.json"])
        let settings = try ServiceSettings(config)
        let error = #expect(throws: ConnectorError.self) { try settings.pipelines(config, bundled: "") }
        #expect(error?.message.contains("/no/such/file.json") == true)
        #expect(error?.message.contains("pipelines.path") == true)
    }
}
