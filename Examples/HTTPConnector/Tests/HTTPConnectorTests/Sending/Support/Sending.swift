// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectTestKit
import OpenConnect
import Synchronization
import Testing

@testable import HTTPConnector

/// A host that does nothing but keep what it is told.
final class SendingHost: ConnectorHost {
    typealias Operation = @Sendable () async throws -> Void

    private let kept = Mutex<[ConnectorEvent]>([])
    private let tasks = Mutex<[Operation]>([])

    var events: [ConnectorEvent] { kept.withLock { $0 } }

    func positions() async throws -> [RecordPosition] { [] }
    func addTask(named name: String, _ operation: @escaping Operation) { tasks.withLock { $0.append(operation) } }
    func emit(_ event: ConnectorEvent) { kept.withLock { $0.append(event) } }
    func assigned(_ partitions: [RecordPartition]) async throws -> [RecordPosition] { [] }
    func revoke(_ partitions: [RecordPartition]) async throws {}
    func partitionsChanged() {}
    func lost(_ partitions: [RecordPartition]) {}

    /// Runs what was added, for as long as the body runs.
    func running<Result>(_ body: () async throws -> Result) async throws -> Result {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in tasks.withLock({ $0 }) { group.addTask { try await task() } }
            defer { group.cancelAll() }
            return try await body()
        }
    }

    func context(_ clock: ConnectorClock = .continuous) -> ConnectorContext {
        let defaults = EventDefaults(source: "urn:openconnect:test", type: "org.openconnect.test.record")
        return ConnectorContext(pipeline: "test", name: "http", clock: clock, eventDefaults: defaults, host: self)
    }
}

/// Records of one partition with these texts.
func records(_ texts: [String], of partition: String = "p") -> [ConnectorRecord] {
    texts.enumerated().map { index, text in
        ConnectorRecord(.text(text), partition: RecordPartition(partition), offset: RecordOffset(Int64(index)))
    }
}

/// Starts a sink for as long as the body runs.
func started<Started: Sink, Result>(
    _ sink: Started,
    _ clock: ConnectorClock = .continuous,
    _ body: (Started) async throws -> Result
) async throws -> Result {
    let host = SendingHost()
    do {
        try await sink.start(host.context(clock))
        let result = try await host.running { try await body(sink) }
        await sink.stop()
        return result
    } catch {
        await sink.stop()
        throw error
    }
}

extension Sink {
    func put(_ texts: [String], of partition: String = "p") async throws -> PutResult {
        try await put(RecordBatch(records(texts, of: partition)))
    }
}

extension Sink {
    /// Puts what has to be delivered.
    func deliver(_ batch: RecordBatch, _ location: SourceLocation = #_sourceLocation) async throws {
        let words = try await put(batch).words
        #expect(words == [], sourceLocation: location)
    }

    func deliver(
        _ texts: [String],
        of partition: String = "p",
        _ location: SourceLocation = #_sourceLocation
    ) async throws {
        try await deliver(RecordBatch(records(texts, of: partition)), location)
    }
}

extension PutResult {
    /// The verdicts in short: `1 reject`, `2 notTried`.
    var words: [String] { exceptions.map { "\($0.index) \($0.verdict.word)" } }
}

extension RecordVerdict {
    /// The kind of the verdict, which is not public, is the first word of its reflection.
    var word: String { "\(Mirror(reflecting: self).children.first { $0.label == "kind" }!.value)" }
}

/// The error that a body throws.
func failure(_ body: () async throws -> Void) async throws -> ConnectorError {
    do {
        try await body()
    } catch let error as ConnectorError {
        return error
    }
    throw ConnectorError(.fatal, "no error was thrown")
}
