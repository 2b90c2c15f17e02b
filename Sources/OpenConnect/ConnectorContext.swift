// SPDX-License-Identifier: Apache-2.0

/// A connector's view of the runner that hosts it.
public struct ConnectorContext: Sendable {
    /// The name of the pipeline.
    public let pipeline: String
    /// The name of the connector within its pipeline.
    public let name: String
    /// The time that the connector should live by.
    public let clock: ConnectorClock
    /// What an event made from a record says where the record itself says nothing.
    public let eventDefaults: EventDefaults
    private let host: any ConnectorHost

    /// The view of a host.
    public init(
        pipeline: String,
        name: String,
        clock: ConnectorClock,
        eventDefaults: EventDefaults,
        host: any ConnectorHost
    ) {
        self.pipeline = pipeline
        self.name = name
        self.clock = clock
        self.eventDefaults = eventDefaults
        self.host = host
    }

    /// The committed positions that a source goes on from, one for each partition that has one.
    public func positions() async throws -> [RecordPosition] {
        try await host.positions()
    }

    /// The committed offset of a partition, or `nil` when there is none: then reading starts at the beginning.
    public func offset(of partition: RecordPartition) async throws -> RecordOffset? {
        try await host.positions().first { $0.partition == partition }?.offset
    }

    /// Runs something beside the connector: a client's `run()`, a server, heartbeats.
    ///
    /// It is a child task of the runner's group. It is cancelled after `stop` has returned; when it throws, the pipeline
    /// fails with that error.
    public func addTask(named name: String, _ operation: @escaping @Sendable () async throws -> Void) {
        host.addTask(named: name, operation)
    }

    /// Tells the operator something.
    public func emit(_ event: ConnectorEvent) {
        host.emit(event)
    }

    /// Says that partitions now belong to this source, before it reads them.
    ///
    /// - Returns: the committed positions of those that have one.
    /// - Throws: `fenced` or `retryable` where a partition is still claimed by another owner.
    public func assigned(_ partitions: [RecordPartition]) async throws -> [RecordPosition] {
        try await host.assigned(partitions)
    }

    /// Says that partitions are about to be taken away: returns when what was polled from them is delivered and
    /// committed, or at the deadline. Nothing more of them may be returned by `poll`.
    public func revoke(_ partitions: [RecordPartition]) async throws {
        try await host.revoke(partitions)
    }

    /// Has a ``PartitionedSource`` asked again for its partitions. Does nothing for any other connector.
    public func partitionsChanged() {
        host.partitionsChanged()
    }

    /// Says that partitions are gone already: nothing of them is delivered, kept or settled any more.
    public func lost(_ partitions: [RecordPartition]) {
        host.lost(partitions)
    }
}

/// What a runner provides to its connectors through their ``ConnectorContext``. Implemented by runners and by test doubles.
public protocol ConnectorHost: Sendable {
    /// See ``ConnectorContext/positions()``.
    func positions() async throws -> [RecordPosition]
    /// See ``ConnectorContext/addTask(named:_:)``.
    func addTask(named name: String, _ operation: @escaping @Sendable () async throws -> Void)
    /// See ``ConnectorContext/emit(_:)``.
    func emit(_ event: ConnectorEvent)
    /// See ``ConnectorContext/assigned(_:)``.
    func assigned(_ partitions: [RecordPartition]) async throws -> [RecordPosition]
    /// See ``ConnectorContext/revoke(_:)``.
    func revoke(_ partitions: [RecordPartition]) async throws
    /// See ``ConnectorContext/partitionsChanged()``.
    func partitionsChanged()
    /// See ``ConnectorContext/lost(_:)``.
    func lost(_ partitions: [RecordPartition])
}
