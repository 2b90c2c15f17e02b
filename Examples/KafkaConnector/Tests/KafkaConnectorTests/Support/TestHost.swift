// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Synchronization

/// A runner's side of a connector: it runs tasks until it is ended.
final class TestHost: ConnectorHost {
    private let tasks = Mutex<[Task<Void, any Error>]>([])

    var context: ConnectorContext {
        ConnectorContext(
            pipeline: "test",
            name: "subject",
            clock: .continuous,
            eventDefaults: EventDefaults(pipeline: "test", connectorType: "kafka"),
            host: self
        )
    }

    func end() async {
        let tasks = tasks.withLock { $0 }
        for task in tasks { task.cancel() }
        for task in tasks { _ = await task.result }
    }

    func positions() async throws -> [RecordPosition] { [] }
    func addTask(named name: String, _ operation: @escaping @Sendable () async throws -> Void) {
        let task = Task { try await operation() }
        tasks.withLock { $0.append(task) }
    }
    func emit(_ event: ConnectorEvent) {}
    func assigned(_ partitions: [RecordPartition]) async throws -> [RecordPosition] { [] }
    func revoke(_ partitions: [RecordPartition]) async throws {}
    func partitionsChanged() {}
    func lost(_ partitions: [RecordPartition]) {}
}

/// Gives a connector a context for as long as the body runs.
func withHost(_ body: (ConnectorContext) async throws -> Void) async throws {
    let host = TestHost()
    let result: Result<Void, any Error>
    do {
        result = .success(try await body(host.context))
    } catch {
        result = .failure(error)
    }
    await host.end()
    try result.get()
}
