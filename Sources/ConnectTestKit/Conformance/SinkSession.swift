// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Synchronization

/// One life of a sink in a check, from its start to its stop.
final class SinkSession: ConformanceSession {
    let sink: any Sink
    let host: ConformanceHost
    private let trial: SinkTrial
    /// The positions that a position-keeping sink keeps.
    private let kept = Mutex<[RecordPartition: StoredPosition]>([:])

    static let scope = ClaimScope(connector: "conformance")
    static let epoch = Epoch(5)

    init(_ sink: any Sink, _ host: ConformanceHost, _ trial: SinkTrial) {
        self.sink = sink
        self.host = host
        self.trial = trial
    }

    private var caller: Caller { trial.caller }

    var checkpointing: (any CheckpointingSink)? { sink as? any CheckpointingSink }
    var keeping: (any PositionKeepingSink)? { sink as? any PositionKeepingSink }
    var isOrdered: Bool { sink.traits.isOrdered }

    /// Whether the sink lets nothing be repeated.
    var isExact: Bool { checkpointing != nil || keeping != nil }

    func start() async throws { try await caller.call("start", starting()) }

    /// The call of `start`, for a check that looks at how it ends.
    func starting() -> @Sendable () async throws -> Void {
        trial.sessions.noteStarting(self)
        return { [sink, host] in try await sink.start(host.context) }
    }

    /// What a runner does after a start, and after a put that threw.
    func restore(_ checkpoint: SinkCheckpoint?) async throws {
        if let sink = checkpointing {
            try await caller.call("restore") { try await sink.restore(checkpoint) }
        }
        try await refreshPositions()
    }

    /// Connects again where a put may have lost the connection.
    func reconnect() async throws {
        guard let sink = sink as? any Reconnecting else { return }
        try await caller.call("reconnect") { try await sink.reconnect() }
    }

    /// Asks a sink that keeps positions for them.
    func refreshPositions() async throws {
        guard let sink = keeping else { return }
        let found = try await caller.call("positions") { try await sink.positions(in: Self.scope) }
        kept.withLock { kept in
            kept = [:]
            for position in found { kept[position.position.partition] = position }
        }
    }

    func checkpoint() async throws -> SinkCheckpoint? {
        guard let sink = checkpointing else { return nil }
        return try await caller.call("checkpoint") { try await sink.checkpoint() }
    }

    /// A put, with the positions where the sink keeps them.
    func putting(_ records: [ConnectorRecord]) -> @Sendable () async throws -> PutResult {
        let batch = RecordBatch(records)
        guard let sink = keeping else { return { [sink] in try await sink.put(batch) } }
        let advance = PositionAdvance(scope: Self.scope, epoch: Self.epoch, steps: steps(behind: records))
        return { [self] in
            let result = try await sink.put(batch, advancing: advance)
            if result.isDelivered { note(advance) }
            return result
        }
    }

    /// The steps that lead behind records.
    func steps(behind records: [ConnectorRecord]) -> [PositionAdvance.Step] {
        var newest: [RecordPartition: RecordPosition] = [:]
        for position in records.compactMap(\.position) { newest[position.partition] = position }
        return kept.withLock { kept in
            newest.values.sorted { $0.partition.name < $1.partition.name }.map { position in
                let sequence = UInt64(position.offset.sequence ?? 0) + 1
                return PositionAdvance.Step(
                    from: kept[position.partition],
                    to: StoredPosition(position, sequence: sequence)
                )
            }
        }
    }

    private func note(_ advance: PositionAdvance) {
        kept.withLock { kept in
            for step in advance.steps { kept[step.new.position.partition] = step.new }
        }
    }

    /// Whether the sink keeps the positions behind these records already.
    func keepsPositions(behind records: [ConnectorRecord]) -> Bool {
        let kept = kept.withLock { $0 }
        return keeping != nil
            && records.allSatisfy { record in
                let offset = kept[record.partition]?.position.offset.sequence ?? -1
                return offset >= record.offset?.sequence ?? 0
            }
    }

    /// A put that has to deliver everything.
    func put(_ records: [ConnectorRecord]) async throws {
        let result = try await caller.call("put", putting(records))
        guard let exception = result.exceptions.first else { return }
        throw Finding.broken(
            expected: "put to deliver \(records.count) records with which nothing is wrong",
            seen: "the verdict \(exception.verdict.kind) on the record at index \(exception.index)"
                + (exception.verdict.error.map { ", '\($0)'" } ?? ""),
            advice: "accept what the system can hold"
        )
    }

    func flush() async throws {
        try await caller.call("flush") { [sink] in try await sink.flush() }
    }

    func stop() async throws {
        trial.sessions.noteStopping(self)
        try await caller.call("stop") { [sink] in await sink.stop() }
    }

    @discardableResult
    func end() async throws -> [String] {
        try await stop()
        return await host.endTasks(within: caller.limits.cancellation)
    }
}
