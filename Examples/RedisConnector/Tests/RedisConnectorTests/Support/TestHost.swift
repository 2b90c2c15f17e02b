// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Synchronization

@testable import RedisConnector

/// A runner's side of a connector: it takes note of what it is told, and runs tasks until it is ended.
final class TestHost: ConnectorHost {
    private let state = Mutex<(events: [ConnectorEvent], tasks: [Task<Void, any Error>])>(([], []))

    var context: ConnectorContext {
        ConnectorContext(
            pipeline: "test",
            name: "subject",
            clock: .continuous,
            eventDefaults: EventDefaults(pipeline: "test", connectorType: "redis-stream"),
            host: self
        )
    }

    /// What the operator was told.
    var messages: [String] { state.withLock { $0.events.map { "\($0.level): \($0.message)" } } }

    func end() async {
        let tasks = state.withLock(\.tasks)
        for task in tasks { task.cancel() }
        for task in tasks { _ = await task.result }
    }

    func positions() async throws -> [RecordPosition] { [] }
    func addTask(named name: String, _ operation: @escaping @Sendable () async throws -> Void) {
        let task = Task { try await operation() }
        state.withLock { $0.tasks.append(task) }
    }
    func emit(_ event: ConnectorEvent) { state.withLock { $0.events.append(event) } }
    func assigned(_ partitions: [RecordPartition]) async throws -> [RecordPosition] { [] }
    func revoke(_ partitions: [RecordPartition]) async throws {}
    func partitionsChanged() {}
    func lost(_ partitions: [RecordPartition]) {}
}

/// A source as a runner has it: started before, and stopped after, the body.
func withSource<Value>(
    _ source: RedisStreamSource,
    _ body: (RedisStreamSource, TestHost) async throws -> Value
) async throws -> Value {
    let host = TestHost()
    let result: Result<Value, any Error>
    do {
        try await source.start(host.context)
        result = .success(try await body(source, host))
    } catch {
        result = .failure(error)
    }
    await source.stop()
    await host.end()
    return try result.get()
}

/// A sink as a runner has it.
func withSink<Value>(
    _ sink: RedisStreamSink,
    _ body: (RedisStreamSink) async throws -> Value
) async throws -> Value {
    let host = TestHost()
    let result: Result<Value, any Error>
    do {
        try await sink.start(host.context)
        result = .success(try await body(sink))
    } catch {
        result = .failure(error)
    }
    await sink.stop()
    await host.end()
    return try result.get()
}

extension RedisStreamSource {
    /// Polls until there are that many records.
    func read(_ count: Int) async throws -> [ConnectorRecord] {
        var records: [ConnectorRecord] = []
        while records.count < count {
            records += try await poll(PollRequest(maxRecords: count - records.count)).records
        }
        return records
    }
}

extension ConnectorRecord {
    /// The payload as text, whatever its form.
    var payload: String { String(decoding: data.bytes, as: UTF8.self) }
}
