// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Synchronization

private final class HostTasks: Sendable {
    let list = Mutex<[@Sendable () async throws -> Void]>([])
}

/// A runner that keeps nothing.
struct TestHost: ConnectorHost {
    var stored: [RecordPosition] = []

    func positions() async throws -> [RecordPosition] { stored }
    /// What a connector wants to have beside it.
    private let tasks = HostTasks()

    init(stored: [RecordPosition] = []) { self.stored = stored }

    func addTask(named name: String, _ operation: @escaping @Sendable () async throws -> Void) {
        tasks.list.withLock { $0.append(operation) }
    }

    /// Runs the connector's tasks as long as the closure runs.
    func withTasks<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in tasks.list.withLock({ $0 }) { group.addTask { try await task() } }
            defer { group.cancelAll() }
            return try await body()
        }
    }
    func emit(_ event: ConnectorEvent) {}
    func assigned(_ partitions: [RecordPartition]) async throws -> [RecordPosition] { [] }
    func revoke(_ partitions: [RecordPartition]) async throws {}
    func partitionsChanged() {}
    func lost(_ partitions: [RecordPartition]) {}

    var context: ConnectorContext { context(.continuous) }

    func context(_ clock: ConnectorClock) -> ConnectorContext {
        ConnectorContext(
            pipeline: "test",
            name: "test",
            clock: clock,
            eventDefaults: EventDefaults(pipeline: "test", connectorType: "postgres"),
            host: self
        )
    }
}
