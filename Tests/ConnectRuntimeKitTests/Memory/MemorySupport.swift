// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect

/// A host with positions, and nothing else.
struct StillHost: ConnectorHost {
    var stored: [RecordPosition] = []

    func positions() async throws -> [RecordPosition] { stored }
    func addTask(named name: String, _ operation: @escaping @Sendable () async throws -> Void) {}
    func emit(_ event: ConnectorEvent) {}
    func assigned(_ partitions: [RecordPartition]) async throws -> [RecordPosition] { [] }
    func revoke(_ partitions: [RecordPartition]) async throws {}
    func partitionsChanged() {}
    func lost(_ partitions: [RecordPartition]) {}
}

extension ConnectorContext {
    /// What a source finds that was committed up to some positions.
    static func resuming(
        from positions: [RecordPosition] = [],
        pipeline: String = "p",
        clock: ConnectorClock = .continuous
    ) -> ConnectorContext {
        ConnectorContext(
            pipeline: pipeline,
            name: "source",
            clock: clock,
            eventDefaults: EventDefaults(pipeline: pipeline, connectorType: "test"),
            host: StillHost(stored: positions)
        )
    }
}

extension RecordPosition {
    /// The number of a record in a partition.
    static func at(_ sequence: Int64, in partition: String = "") -> RecordPosition {
        RecordPosition(partition: RecordPartition(partition), offset: RecordOffset(sequence))
    }
}

extension PollRequest {
    static let hundred = PollRequest(maxRecords: 100)
}
