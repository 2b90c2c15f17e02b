// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// A runner that has stored positions and does nothing else.
struct TestHost: ConnectorHost {
    var stored: [RecordPosition] = []

    func positions() async throws -> [RecordPosition] { stored }
    func addTask(named name: String, _ operation: @escaping @Sendable () async throws -> Void) {}
    func emit(_ event: ConnectorEvent) {}
    func assigned(_ partitions: [RecordPartition]) async throws -> [RecordPosition] { [] }
    func revoke(_ partitions: [RecordPartition]) async throws {}
    func partitionsChanged() {}
    func lost(_ partitions: [RecordPartition]) {}

    /// A context with stored positions, by the names of their partitions as the store keeps them.
    static func context(
        _ stored: [RecordPosition] = [],
        clock: ConnectorClock = .continuous,
        pipeline: String = "test"
    ) -> ConnectorContext {
        let host = TestHost(
            stored: stored.map { position in
                RecordPosition(partition: RecordPartition(position.partition.name), offset: position.offset)
            }
        )
        let defaults = EventDefaults(source: "urn:openconnect:test", type: "org.openconnect.test.record")
        return ConnectorContext(pipeline: pipeline, name: "files", clock: clock, eventDefaults: defaults, host: host)
    }
}
