// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Testing

@testable import ConnectRuntimeKit

/// With `--log-format json`, every line on standard error is an object: also the last one.
@Suite struct ApplicationLogTests {
    private static let source = #""source": { "type": "generator", "count": 1 }"#

    private func object(_ line: some StringProtocol) throws -> StructuredObject {
        let value = try StructuredValue(setting: SettingDocument(json: String(line)).root)
        guard case .object(let object) = value else { throw ConnectorError(.fatal, "no object: \(line)") }
        return object
    }

    @Test(arguments: [
        (
            "run --config CONFIG", #"{ "pipelines": { "a": { \#(source), "sinks": [ { "type": "vault" } ] } } }"#,
            Int64(2), "\"password\" is missing"
        ),
        (
            "run --config CONFIG",
            #"{ "pipelines": { "a": { \#(source), "sinks": [ { "type": "vault", "password": "1" } ] } } }"#,
            Int64(2), "needs an offset store"
        ),
        (
            "redrive --config CONFIG",
            #"{ "pipelines": { "a": { \#(source), "sinks": [ { "type": "vault", "password": "1" } ] } } }"#,
            Int64(2), "dead letters"
        ),
        ("run --config /nowhere", "{}", Int64(2), "the configuration cannot be read"),
    ])
    func whatACommandFailsWith(_ arguments: String, _ configuration: String, _ status: Int64, _ words: String)
        async throws
    {
        try await VaultSink.$logs.withValue(TestLogs()) {
            try await withTemporaryDirectory { directory in
                let arguments = arguments + " --log-format json"
                let result = try await runApplication(arguments, configuration: configuration, in: directory)
                let lines = result.transcript.diagnostics.split(separator: "\n")
                for line in lines { #expect(try object(line)["time"] != nil) }
                let last = try object(lines.last ?? "")
                #expect(last["event"] == .string("application.failed"), "\(result.transcript.diagnostics)")
                #expect(last["application"] == .string("tested"))
                #expect(last["level"] == .string("error"))
                #expect(last["status"] == .integer(status))
                #expect(Int64(result.status.code) == status)
                guard case .string(let message)? = last["message"] else { throw ConnectorError(.fatal, "no message") }
                #expect(message.contains(words), "\(message)")
            }
        }
    }

    @Test func whatHangs() throws {
        let application = ConnectorApplication(name: "tested", version: "1") { _ in }
        let options = ["--log-format", "json"]
        let line = application.lastLine(try CommandLineOptions(options, [LogLine.Format.option]))("it hangs")
        #expect(try object(line)["event"] == .string("application.abandoned"))
        #expect(try object(line)["message"] == .string("it hangs"))
        #expect(try object(line)["status"] == .integer(3))
        #expect(application.lastLine(try CommandLineOptions([], []))("it hangs") == "it hangs")
    }
}
