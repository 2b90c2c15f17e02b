// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Puts batches into a sink and flushes it.
///
/// Used by the sink's own task and, while the sink keeps up, by the source's task: whoever has the turn.
struct SinkWorker: ConnectorWorker {
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

    init(name: String, sink: any Sink, claim: ClaimToken) {
        self.name = name
        connector = sink
        self.claim = claim
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

    var keepsPositions: Bool {
        if case .positionKeeping = mode { true } else { false }
    }

    /// Puts what comes through the queue.
    @concurrent
    func run(_ handOver: HandOver) async {
        while let batch = await handOver.nextPut() {
            let report = await put(batch.records, batch.steps, isTimed: batch.isTimed, handOver.clock)
            handOver.step { state, wake in
                state.endPut(
                    batch.ticket,
                    batch.records,
                    isFollowedByQuiet: batch.isFollowedByQuiet,
                    report,
                    &wake
                )
                state.releaseQueued(batch, &wake)
            }
        }
    }

    /// Puts a batch; the caller has the turn.
    func put(
        _ records: [ConnectorRecord],
        _ steps: [PositionAdvance.Step],
        isTimed: Bool,
        _ clock: ConnectorClock
    ) async -> PutReport {
        let start = isTimed ? clock.now.nanoseconds : 0
        var report = PutReport(result: .delivered)
        do {
            report = self.report(try await apply(records, steps), records)
            if case .checkpointing(let sink) = mode, !report.isFailure {
                report.checkpoint = try await sink.checkpoint()
            }
        } catch {
            report = self.report(error)
        }
        if isTimed { report.nanoseconds = clock.now.nanoseconds - start }
        return report
    }

    @inline(__always)
    func report(_ result: PutResult, _ records: [ConnectorRecord]) -> PutReport {
        PutReport(result: result.isDelivered ? .delivered : verdicts(result, records))
    }

    func report(_ error: any Error) -> PutReport {
        PutReport(result: .failed(error.inCall("put", of: name), outcomes: []))
    }

    private func apply(_ records: [ConnectorRecord], _ steps: [PositionAdvance.Step]) async throws -> PutResult {
        guard case .positionKeeping(let sink) = mode else { return try await connector.put(RecordBatch(records)) }
        let result = try await apply(RecordBatch(records), steps, to: sink)
        guard !result.isDelivered, result.exceptions.allSatisfy({ $0.verdict.kind == .drop }) else { return result }
        // With a verdict nothing was applied: what is not dropped is put again, with the positions behind all of it.
        let dropped = Set(result.exceptions.map(\.index))
        let rest = records.indices.filter { !dropped.contains($0) }.map { records[$0] }
        guard try await apply(RecordBatch(rest), steps, to: sink).isDelivered else {
            throw ConnectorError(
                .fatal,
                "the \(name) changed its verdicts on a batch that was put again without what it dropped"
            )
        }
        return result
    }

    /// A put that threw may have been applied all the same: the positions kept with the data tell.
    private func apply(
        _ batch: RecordBatch,
        _ steps: [PositionAdvance.Step],
        to sink: any PositionKeepingSink
    ) async throws -> PutResult {
        do {
            let advance = PositionAdvance(scope: claim.scope, epoch: claim.epoch, steps: steps)
            return try await sink.put(batch, advancing: advance)
        } catch let error as ConnectorError where error.code == .fenced {
            throw error
        } catch {
            guard !steps.isEmpty, let kept = try? await sink.positions(in: claim.scope) else { throw error }
            let found = Dictionary(kept.map { ($0.position.partition, $0) }) { first, _ in first }
            guard steps.allSatisfy({ found[$0.new.position.partition] == $0.new }) else { throw error }
            return .delivered
        }
    }

    /// Makes earlier puts durable; a position-keeping sink is given the positions that advanced without a record.
    func flush(_ steps: [PositionAdvance.Step]) async throws {
        do {
            if case .positionKeeping(let sink) = mode, !steps.isEmpty {
                _ = try await apply(RecordBatch([]), steps, to: sink)
            }
            try await connector.flush()
        } catch {
            throw error.inCall("flush", of: name)
        }
    }

    /// What a result settles, and the error that stops the pipeline at the first record that is not delivered.
    private func verdicts(_ result: PutResult, _ records: [ConnectorRecord]) -> PutReport.Result {
        var outcomes: [RecordOutcome?] = Array(repeating: .delivered, count: records.count)
        var failed: PutResult.Entry?
        for entry in result.exceptions where outcomes.indices.contains(entry.index) {
            outcomes[entry.index] = entry.verdict.kind == .drop ? .dropped : nil
            if failed == nil, entry.verdict.kind != .drop { failed = entry }
        }
        guard let failed else { return .settled(outcomes) }
        // What was put only in part belongs to no checkpoint and to no transaction: it is cut back and read again.
        return .failed(stopping(at: records[failed.index], failed.verdict), outcomes: isPlain ? outcomes : [])
    }

    private func stopping(at record: ConnectorRecord, _ verdict: RecordVerdict) -> ConnectorError {
        ConnectorError(
            verdict.error?.code ?? (verdict.kind == .reject ? .invalidRecord : .retryable),
            "the \(name) \(verdict.kind == .reject ? "rejected" : "did not accept") a record"
                + "\(verdict.error.map { ": \($0.message)" } ?? "") of \(record.partition); "
                + "what is committed before it will not be repeated",
            cause: verdict.error?.cause,
            position: record.position
        )
    }
}
