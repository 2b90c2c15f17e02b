// SPDX-License-Identifier: Apache-2.0

public import Configuration
public import Logging
public import OpenConnect

/// The settings of a service with pipelines, from any provider of swift-configuration.
///
/// | key | environment variable | meaning | default |
/// |---|---|---|---|
/// | `log.level` | `LOG_LEVEL` | `trace`, `debug`, `info`, `notice`, `warning`, `error` or `critical` | `info` |
/// | `metrics.listen` | `METRICS_LISTEN` | where the ``OperationsServer`` listens; the port 0 for any | `127.0.0.1:9464` |
/// | `tracing.enabled` | `TRACING_ENABLED` | whether spans are made of what is moved | `false` |
/// | `pipelines.path` | `PIPELINES_PATH` | the file with the configuration of the pipelines | none |
public struct ServiceSettings: Sendable, Hashable {
    /// What is logged at least.
    public var logLevel: Logger.Level
    /// Where metrics and health are to be had.
    public var metricsListen: ListenAddress
    /// Whether spans are made.
    public var isTracingEnabled: Bool
    /// The path of the file with the configuration of the pipelines.
    public var pipelinesPath: String?

    /// Reads the settings.
    ///
    /// - Throws: ``/OpenConnect/SettingProblems`` with everything that is wrong, each with its key.
    public init(_ config: ConfigReader) throws(SettingProblems) {
        var problems: [SettingProblem] = []
        logLevel = problems.value(of: "log.level", in: config, default: .info) { text in
            if let level = Logger.Level(rawValue: text.lowercased()) { return level }
            let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
            throw ConnectorError(.invalidConfiguration, "'\(text)' is no level; there are \(levels)")
        }
        let listen = ListenAddress(port: 9464)
        metricsListen = problems.value(of: "metrics.listen", in: config, default: listen) { try ListenAddress($0) }
        isTracingEnabled = problems.value(of: "tracing.enabled", in: config, default: false) { text in
            switch text.lowercased() {
            case "true", "yes", "on", "1": return true
            case "false", "no", "off", "0": return false
            default: throw ConnectorError(.invalidConfiguration, "'\(text)' is neither true nor false")
            }
        }
        pipelinesPath = problems.value(of: "pipelines.path", in: config, default: nil) { text in
            guard !text.isEmpty else { throw ConnectorError(.invalidConfiguration, "is empty; leave it out instead") }
            return text
        }
        guard problems.isEmpty else { throw SettingProblems(problems) }
    }

    /// The configuration of the pipelines: the file at ``pipelinesPath``, whose references are answered by the same providers
    /// as the settings.
    ///
    /// - Parameters:
    ///   - config: what `${env:…}` stands for.
    ///   - bundled: the configuration where there is no file.
    /// - Throws: ``/OpenConnect/ConnectorError`` when the file cannot be read, ``/OpenConnect/SettingProblems`` when it is no
    ///   configuration.
    public func pipelines(_ config: ConfigReader, bundled: String) throws -> SettingDocument {
        let references = SettingReferences(config)
        guard let pipelinesPath else { return try SettingDocument(json: bundled, references: references) }
        let text: String
        do {
            text = try TextFile.content(of: pipelinesPath, atMost: SettingReferences.maxFileBytes)
        } catch {
            throw ConnectorError(.invalidConfiguration, "pipelines.path: \(error)", cause: error)
        }
        return try SettingDocument(json: text, file: pipelinesPath, references: references)
    }
}

extension [SettingProblem] {
    /// A setting, or its default where it is missing or wrong; then the problem is noted.
    fileprivate mutating func value<Value>(
        of key: String,
        in config: ConfigReader,
        default standard: Value,
        _ read: (String) throws -> Value
    ) -> Value {
        guard let text = config.text(ConfigKey(key)) else { return standard }
        do {
            return try read(text)
        } catch {
            append(SettingProblem((error as? ConnectorError)?.message ?? "\(error)", at: key))
            return standard
        }
    }
}

extension ConfigReader {
    /// A value as a text, also where a provider has it as a number or a truth value.
    func text(_ key: ConfigKey, isSecret: Bool = false) -> String? {
        string(forKey: key, isSecret: isSecret)
            ?? int(forKey: key, isSecret: isSecret).map { "\($0)" }
            ?? double(forKey: key, isSecret: isSecret).map { "\($0)" }
            ?? bool(forKey: key, isSecret: isSecret).map { "\($0)" }
    }
}
