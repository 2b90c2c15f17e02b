// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// A runner that keeps nothing.
struct TestHost: ConnectorHost {
    var stored: [RecordPosition] = []

    func positions() async throws -> [RecordPosition] { stored }
    func addTask(named name: String, _ operation: @escaping @Sendable () async throws -> Void) {}
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
