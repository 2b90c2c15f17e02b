// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// What the connectors of one run of a pipeline reach through their contexts.
final class PipelineHost: Sendable {
    private struct State: Sendable {
        var positions: [RecordPosition] = []
        var link: Link?
        var partitionsChanged: Bell?
    }

    /// Known once the sink has started.
    struct Link: Sendable {
        let handOver: HandOver
        let keeper: PositionKeeper
        /// The sink that keeps positions, if there is one.
        let positionKeeper: SinkWorker?
        let drainDeadline: Duration
    }

    private let tasks: TaskHost
    private let events: EventSender
    private let state = Lock(State())

    init(tasks: TaskHost, events: EventSender) {
        self.tasks = tasks
        self.events = events
    }

    func connect(_ link: Link, positions: [StoredPosition]) {
        state.withLock { state in
            state.link = link
            state.positions = positions.map(\.position)
        }
    }

    /// Has a partitioned source's listing follow its source.
    func connect(_ pool: PartitionPool) {
        state.withLock { $0.partitionsChanged = pool.partitionsChanged }
    }

    func partitionsChanged() {
        state.withLock(\.partitionsChanged)?.ring()
    }

    func positions() async throws -> [RecordPosition] {
        state.withLock(\.positions)
    }

    func addTask(named name: String, _ operation: @escaping @Sendable () async throws -> Void) {
        tasks.add(name, operation)
    }

    func emit(_ event: ConnectorEvent, from connector: String) {
        events.send(event, from: connector)
    }

    /// The run's dealings with the offset store, once the sink has started.
    var keeper: PositionKeeper? { state.withLock(\.link?.keeper) }

    private func link() throws -> Link {
        guard let link = state.withLock(\.link) else {
            throw ConnectorError(.fatal, "partitions belong to a source: a sink cannot have them assigned or revoked")
        }
        return link
    }

    func assigned(_ partitions: [RecordPartition]) async throws -> [RecordPosition] {
        let link = try link()
        var stored = try await link.keeper.claim(partitions)
        if let keeper = link.positionKeeper, case .positionKeeping(let sink) = keeper.mode {
            do {
                stored = try await sink.positions(in: keeper.claim.scope)
            } catch {
                try? await link.keeper.release(partitions)
                throw error
            }
        }
        let found = Dictionary(stored.map { ($0.position.partition, $0) }) { first, _ in first }
        link.handOver.step { state, _ in
            for partition in partitions { state.open(partition, from: found[partition]) }
        }
        return partitions.compactMap { found[$0]?.position }
    }

    func revoke(_ partitions: [RecordPartition]) async throws {
        let link = try link()
        let isCommitted = await withTaskGroup(of: Bool.self) { group in
            group.addTask { await link.handOver.commitAll(of: partitions) }
            group.addTask {
                try? await link.handOver.clock.sleep(for: link.drainDeadline)
                return false
            }
            let first = await group.next() ?? false
            group.cancelAll()
            return first
        }
        if !isCommitted {
            events.send(
                .partitionsUncommitted,
                .warning,
                "revoked partitions were not committed before the deadline; they will be read again",
                attributes: ["partitions": partitions.map(\.name).sorted().joined(separator: ", ")]
            )
        }
        link.handOver.step { $0.takeAway(partitions, &$1) }
        try await link.keeper.release(partitions)
    }

    func lost(_ partitions: [RecordPartition]) {
        guard let link = try? link() else { return }
        link.handOver.step { $0.takeAway(partitions, &$1) }
        link.keeper.forget(partitions)
    }
}

/// One connector's way to the host of its run, which has to know who speaks.
struct ConnectorDoor: ConnectorHost {
    private let host: PipelineHost
    private let name: String

    init(_ host: PipelineHost, _ name: String) {
        self.host = host
        self.name = name
    }

    func positions() async throws -> [RecordPosition] { try await host.positions() }

    func addTask(named name: String, _ operation: @escaping @Sendable () async throws -> Void) {
        host.addTask(named: name, operation)
    }

    func emit(_ event: ConnectorEvent) { host.emit(event, from: name) }

    func assigned(_ partitions: [RecordPartition]) async throws -> [RecordPosition] {
        try await host.assigned(partitions)
    }

    func revoke(_ partitions: [RecordPartition]) async throws { try await host.revoke(partitions) }

    func partitionsChanged() { host.partitionsChanged() }

    func lost(_ partitions: [RecordPartition]) { host.lost(partitions) }
}
