// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Puts batches into a sink and flushes it.
///
/// Used by the sink's own tasks and, while the sink keeps up, by the source's task: whoever has the turn. A class, because many
/// tasks hold it, each of which would have a copy of its references.
final class SinkWorker: ConnectorWorker {
    /// How positions and data are kept in step.
    enum Mode: Sendable {
        case plain
        case checkpointing(any CheckpointingSink)
        case positionKeeping(any PositionKeepingSink)
    }

    let name: String
    let connector: any Sink
    let mode: Mode
    /// Under which the sink keeps positions.
    let claim: ClaimToken
    let retrier: Retrier
    private let condition = SinkCondition()

    init(name: String, sink: any Sink, claim: ClaimToken, retrier: Retrier) {
        self.name = name
        connector = sink
        self.claim = claim
        self.retrier = retrier
        if let sink = sink as? any PositionKeepingSink {
            mode = .positionKeeping(sink)
        } else if let sink = sink as? any CheckpointingSink {
            mode = .checkpointing(sink)
        } else {
            mode = .plain
        }
    }

    var hosted: any Connector { connector }

    /// Whether a put is nothing but the call of the sink.
    var isPlain: Bool {
        if case .plain = mode { true } else { false }
    }

    /// Whether a commit has to flush.
    var needsFlush: Bool { !isPlain || !connector.traits.isDurableOnPut }

    var keepsPositions: Bool {
        if case .positionKeeping = mode { true } else { false }
    }

    var keepsCheckpoints: Bool {
        if case .checkpointing = mode { true } else { false }
    }

    /// The sink, where it takes other batches before one has ended.
    var pipelining: (any PipeliningSink)? {
        isPlain && connector.traits.maxConcurrentPuts <= 1 ? connector as? any PipeliningSink : nil
    }

    /// Puts what comes through the queue.
    @concurrent
    func run(_ sink: Int, _ handOver: HandOver) async {
        if let pipelining { return await run(sink, handOver, through: pipelining) }
        while let job = await handOver.nextPut(sink) {
            let report = await put(job, handOver.clock)
            let retry = handOver.step { state, wake in
                state.finish(job, of: sink, report, &wake)
                return state.takeRetry()
            }
            tell(retry)
        }
    }

    /// Tells the observer of a put that is made again.
    func tell(_ retry: PutRetry?) {
        guard let retry else { return }
        retrier.tellRetry("put", of: name, after: retry.error, attempt: retry.attempt, delay: retry.delay)
    }

    /// Puts a batch; the caller has the turn.
    func put(_ job: PutJob, _ clock: ConnectorClock) async -> PutReport {
        let start = job.isTimed ? clock.now.nanoseconds : 0
        let span = retrier.spans.begin()
        var failure: (any Error)?
        var report = PutReport(result: .delivered)
        do {
            try await recover()
            report = self.report(try await apply(batch(job.records), job.steps))
            if case .checkpointing(let sink) = mode {
                let checkpoint = try await sink.checkpoint()
                condition.note(checkpoint)
                report.checkpoint = checkpoint
            }
        } catch {
            noteFailure(error)
            report = self.report(error)
            failure = error
        }
        retrier.spans.end(span, .send, of: name, TraceLinks(of: job.records), failure)
        if job.isTimed { report.nanoseconds = clock.now.nanoseconds - start }
        return report
    }

    @inline(__always)
    func batch(_ records: [ConnectorRecord]) -> RecordBatch {
        RecordBatch(records, lanesByKey: retrier.options.lanes.usesKeys)
    }

    @inline(__always)
    func report(_ result: PutResult) -> PutReport {
        PutReport(result: result.isDelivered ? .delivered : .verdicts(result.exceptions))
    }

    func report(_ error: any Error) -> PutReport {
        PutReport(result: .failed(error.inCall("put", of: name)))
    }

    private func apply(_ batch: RecordBatch, _ steps: [PositionAdvance.Step]) async throws -> PutResult {
        guard case .positionKeeping(let sink) = mode else { return try await connector.put(batch) }
        do {
            let advance = PositionAdvance(scope: claim.scope, epoch: claim.epoch, steps: steps)
            return try await sink.put(batch, advancing: advance)
        } catch let error as ConnectorError where error.code == .fenced {
            throw error
        } catch {
            guard try await isApplied(steps, in: sink, after: error) else { throw error }
            return .delivered
        }
    }

    /// A put that threw may have been applied all the same: the positions kept with the data tell.
    private func isApplied(
        _ steps: [PositionAdvance.Step],
        in sink: any PositionKeepingSink,
        after error: any Error
    ) async throws -> Bool {
        guard !steps.isEmpty else { return false }
        let kept: [StoredPosition]
        do {
            kept = try await retrier.run("positions", of: name) { try await sink.positions(in: claim.scope) }
        } catch {
            // Nothing may be put before it is known whether this was applied: the next run asks again.
            throw ConnectorError(
                .fatal,
                "it cannot be found out whether a put of the \(name) was applied; the next run finds out",
                cause: error
            )
        }
        let found = Dictionary(kept.map { ($0.position.partition, $0) }) { first, _ in first }
        return steps.allSatisfy { found[$0.new.position.partition] == $0.new }
    }

    /// Makes earlier puts durable; a position-keeping sink is given the positions that advanced without a record.
    ///
    /// - Parameter failure: what it has failed with already.
    func flush(_ steps: [PositionAdvance.Step], after failure: (any Error)? = nil) async throws {
        try await retrier.run("flush", of: name, after: failure) { try await flushOnce(steps) }
    }

    /// The same, without another attempt where it fails.
    func flushOnce(_ steps: [PositionAdvance.Step]) async throws {
        if !steps.isEmpty { _ = try await apply(batch([]), steps) }
        do {
            try await recover()
            try await connector.flush()
        } catch {
            condition.note(error, isCutBack: false)
            throw error
        }
    }

    /// Does what has to be done after a call that failed, before the next one: connect again, and cut back to before it.
    func recover() async throws {
        let need = condition.need
        guard need.isAny else { return }
        if need.isDisconnected, let sink = connector as? any Reconnecting { try await sink.reconnect() }
        if need.isCutBack, case .checkpointing(let sink) = mode { try await sink.restore(condition.checkpoint) }
        condition.noteRecovered()
    }

    /// Notes what has to be done before the next call, because a put failed.
    func noteFailure(_ error: any Error) {
        condition.note(error, isCutBack: keepsCheckpoints)
    }

    /// The place in the output that the sink stands at.
    func noteBeginning(_ checkpoint: SinkCheckpoint?) {
        condition.note(checkpoint)
    }
}

/// What a sink needs after a call that failed, and the place in its output before it.
final class SinkCondition: Sendable {
    struct Need: Sendable {
        var isDisconnected = false
        var isCutBack = false
        var isAny: Bool { isDisconnected || isCutBack }
    }

    private struct State: Sendable {
        var need = Need()
        var checkpoint: SinkCheckpoint?
    }

    private let state = Lock(State())

    var need: Need { state.withLock(\.need) }
    /// The place after the newest put that succeeded.
    var checkpoint: SinkCheckpoint? { state.withLock(\.checkpoint) }

    func note(_ checkpoint: SinkCheckpoint?) {
        state.withLock { $0.checkpoint = checkpoint }
    }

    func note(_ error: any Error, isCutBack: Bool) {
        state.withLock { state in
            if (error as? ConnectorError)?.code == .notConnected { state.need.isDisconnected = true }
            if isCutBack { state.need.isCutBack = true }
        }
    }

    func noteRecovered() {
        state.withLock { $0.need = Need() }
    }
}
