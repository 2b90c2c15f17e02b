// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import OpenConnect
import Synchronization

/// What the connectors of a test write into, by the name in their settings.
final class TestLogs: Sendable {
    private let logs = Mutex<[String: InMemoryLog]>([:])

    subscript(name: String) -> InMemoryLog {
        logs.withLock { logs in
            if let log = logs[name] { return log }
            let log = InMemoryLog()
            logs[name] = log
            return log
        }
    }
}

/// A sink that needs a password to be let into a log.
actor VaultSink: Sink, ConfigurableConnector, ConnectionChecking {
    static let type = "vault"
    static let summary = "Writes into a vault."
    static let password = Setting<Secret>("password", "What opens the vault.")
    static let log = Setting<String>("log", "Which log.", default: "vault")
    static let fails = Setting<Bool>("fails", "Whether nothing works.", default: false)
    static var settings: SettingGroup { SettingGroup(password, log, fails) }

    @TaskLocal static var logs = TestLogs()

    nonisolated let traits = SinkTraits()
    private let password: Secret
    private let log: InMemoryLog
    private let fails: Bool

    init(_ values: SettingValues) throws {
        password = values[Self.password]
        log = Self.logs[values[Self.log]]
        fails = values[Self.fails]
        guard values[Self.log] != "forbidden" else { throw values.problem(Self.log, "may not be written") }
        // An author who says too much.
        guard values[Self.log] != "leaking" else {
            throw values.problem(Self.log, "cannot be opened with \(password.reveal())")
        }
    }

    /// A client library that says too much.
    struct ClientError: Error { let connection: String }

    private func connect() throws {
        guard fails else { return }
        let cause = ClientError(connection: "vault://user:\(password.reveal())@host")
        throw ConnectorError(.invalidConfiguration, "the vault \(cause.connection) does not open", cause: cause)
    }

    func start(_ context: ConnectorContext) async throws {
        context.emit(ConnectorEvent(.info, "opening with \(password.reveal())", attributes: ["with": "\(password)"]))
        try connect()
    }

    func checkConnection(_ context: ConnectorContext) async throws { try connect() }

    func put(_ batch: RecordBatch) async throws -> PutResult {
        log.append(contentsOf: batch)
        return .delivered
    }

    func flush() async throws { try connect() }
}

/// Lets through what holds a word.
struct WordFilter: RecordFunction, Configurable {
    static let type = "word"
    static let word = Setting<String>("word", "The word.")
    static var settings: SettingGroup { SettingGroup(word) }
    let word: String

    init(_ values: SettingValues) throws { word = values[Self.word] }

    func apply(_ record: ConnectorRecord) async throws -> FunctionResult {
        record.data.text?.contains(word) == true ? .record(record) : .filtered
    }
}

extension ConnectorRegistry {
    /// The bundled types, and those of the tests.
    static var tested: ConnectorRegistry {
        var registry = ConnectorRegistry()
        registry.register(VaultSink.self)
        registry.register(WordFilter.self)
        return registry
    }
}
