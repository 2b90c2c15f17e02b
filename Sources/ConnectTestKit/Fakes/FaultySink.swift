// SPDX-License-Identifier: Apache-2.0

public import OpenConnect
import Synchronization

/// A sink that is flaky, slow or hangs, as a script says: a wrapper around any sink.
///
/// It is a ``/OpenConnect/CheckpointingSink``, a ``/OpenConnect/PositionKeepingSink`` or ``/OpenConnect/Reconnecting``
/// where the sink is that it wraps.
public final class FaultySink<Base: Sink>: Sink {
    /// The sink that is called unless something goes wrong.
    public let base: Base
    let script: FaultScript
    private let contextClock = Mutex<ConnectorClock?>(nil)

    /// A sink whose calls go wrong as the script says.
    public init(_ base: Base, _ script: FaultScript) {
        self.base = base
        self.script = script
    }

    public var traits: SinkTraits { base.traits }

    /// The clock of the pipeline, once the sink has been started.
    var clock: ConnectorClock { contextClock.withLock { $0 } ?? .continuous }

    public func start(_ context: ConnectorContext) async throws {
        contextClock.withLock { $0 = context.clock }
        try await script.perform(.start, clock) { try await base.start(context) }
    }

    public func stop() async {
        try? await script.perform(.stop, clock) {}
        await base.stop()
    }

    public func put(_ batch: RecordBatch) async throws -> PutResult {
        let fault = script.next(.put)
        switch fault?.kind {
        case .judges(let verdict, let condition):
            return try await put(batch, JudgedBatch(batch, verdict, isOrdered: traits.isOrdered, where: condition))
        case .tears(let count, let error):
            let part = batch.prefix(max(0, count))
            if !part.isEmpty { _ = try await base.put(RecordBatch(Array(part), lanesByKey: batch.lanesByKey)) }
            throw error
        default:
            return try await script.perform(fault, clock) { try await base.put(batch) }
        }
    }

    private func put(_ batch: RecordBatch, _ judged: JudgedBatch) async throws -> PutResult {
        guard !judged.accepted.isEmpty else { return .verdicts(judged.verdicts) }
        let records = judged.accepted.map { batch[$0] }
        let result = try await base.put(RecordBatch(records, lanesByKey: batch.lanesByKey))
        var verdicts = judged.verdicts
        for entry in result.exceptions where records.indices.contains(entry.index) {
            verdicts[judged.accepted[entry.index]] = entry.verdict
        }
        return .verdicts(verdicts)
    }

    public func flush() async throws {
        try await script.perform(.flush, clock) { try await base.flush() }
    }
}

extension FaultySink: CheckpointingSink where Base: CheckpointingSink {
    public func checkpoint() async throws -> SinkCheckpoint {
        try await script.perform(.checkpoint, clock) { try await base.checkpoint() }
    }

    public func restore(_ checkpoint: SinkCheckpoint?) async throws {
        try await script.perform(.restore, clock) { try await base.restore(checkpoint) }
    }
}

extension FaultySink: PositionKeepingSink where Base: PositionKeepingSink {
    public func positions(in scope: ClaimScope) async throws -> [StoredPosition] {
        try await script.perform(.positions, clock) { try await base.positions(in: scope) }
    }

    public func put(_ batch: RecordBatch, advancing advance: PositionAdvance) async throws -> PutResult {
        let fault = script.next(.put)
        if case .judges(let verdict, let condition) = fault?.kind {
            let judged = JudgedBatch(batch, verdict, isOrdered: traits.isOrdered, where: condition)
            if !judged.verdicts.isEmpty { return .verdicts(judged.verdicts) }
        }
        return try await script.perform(fault, clock) { try await base.put(batch, advancing: advance) }
    }
}

extension FaultySink: Reconnecting where Base: Reconnecting {
    public func reconnect() async throws {
        try await script.perform(.reconnect, clock) { try await base.reconnect() }
    }
}

/// Which records of a batch a fault lets through, and what is said of the others.
private struct JudgedBatch {
    var verdicts: [Int: RecordVerdict] = [:]
    var accepted: [Int] = []

    init(
        _ batch: RecordBatch,
        _ verdict: RecordVerdict,
        isOrdered: Bool,
        where condition: (ConnectorRecord) -> Bool
    ) {
        var stopped: Set<RecordLane> = []
        for index in batch.indices {
            let lane = batch.lane(at: index)
            if stopped.contains(lane) {
                verdicts[index] = .notTried
            } else if condition(batch[index]) {
                verdicts[index] = verdict
                if verdict.kind == .retry, isOrdered { stopped.insert(lane) }
            } else {
                accepted.append(index)
            }
        }
    }
}
