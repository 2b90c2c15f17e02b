// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Makes durable what is committable: noted, then flushed by the sink, then stored, then told to the source.
struct Committer: Sendable {
    let source: any Source
    let sinks: [SinkWorker]
    let positions: PositionKeeper
    let handOver: HandOver
    let retrier: Retrier

    @concurrent
    func run() async {
        while let set = await handOver.nextCommit() {
            let span = retrier.spans.begin()
            do {
                guard try await commit(set) else { return }
            } catch {
                retrier.spans.end(span, .settle, of: "offset store", set.traces ?? TraceLinks(), error)
                handOver.step { state, wake in
                    state.abandonCommit(set, &wake)
                    state.fail(error, sinkIsUsable: false, &wake)
                }
                return
            }
            let goesOn = await report(set)
            retrier.spans.end(span, .settle, of: "offset store", set.traces ?? TraceLinks())
            guard goesOn else { return }
        }
    }

    /// Flushes and stores; `false` when the pipeline is given up meanwhile.
    @inline(never)
    private func commit(_ set: CommitSet) async throws -> Bool {
        let steps = handOver.step { state, _ in state.ledger.stepsWithoutRecords(set) }
        guard try await flush(steps) else { return false }
        handOver.step { state, _ in state.ledger.noteApplied(steps) }
        guard !set.isEmpty else { return true }
        let claims = positions.partitionClaims
        // After the claims, so that those of a partition that came again are never used for what it had before.
        let current = current(set)
        try await retrier.run("save", of: "offset store") { try await positions.save(current, under: claims) }
        handOver.step { state, _ in state.noteDurable() }
        return true
    }

    /// The set without partitions that are gone.
    private func current(_ set: CommitSet) -> CommitSet {
        handOver.step { state, _ in state.ledger.current(set) }
    }

    /// Flushes every sink that needs it, each as soon as its puts have ended.
    private func flush(_ steps: [PositionAdvance.Step]) async throws -> Bool {
        guard sinks.count > 1 else { return try await flush(0, steps) }
        return try await withThrowingTaskGroup(of: Bool.self) { group in
            for sink in sinks.indices { group.addTask { try await flush(sink, steps) } }
            return try await group.reduce(true) { $0 && $1 }
        }
    }

    private func flush(_ sink: Int, _ steps: [PositionAdvance.Step]) async throws -> Bool {
        guard sinks[sink].needsFlush else { return true }
        guard await handOver.takeFlushTurn(sink) else { return false }
        try await sinks[sink].flush(sinks[sink].keepsPositions ? steps : [])
        handOver.step { $0.releaseFlush(sink, &$1) }
        return true
    }

    /// Tells the source what is committed. A failure is no failure of the data: it is told again later.
    ///
    /// - Returns: whether there is any use in going on.
    @inline(never)
    private func report(_ set: CommitSet) async -> Bool {
        let isEarly = handOver.step { state, _ in state.isReportEarly(at: state.clock.now) }
        if isEarly {
            positions.noteUnreported(current(set).positions)
            handOver.step { $0.endCommit(set, &$1) }
            return true
        }
        do {
            if isWorthRetrying(set) {
                try await retrier.run("commit", of: "source") { try await tell(set) }
            } else {
                try await retrier.calls.noting("commit", of: "source") { try await tell(set) }
            }
        } catch {
            retrier.events.send(
                .commitUnreported,
                .warning,
                "the source could not take note of a commit; it is told again later",
                error: error
            ) {
                $0.connector = "source"
            }
            return handOver.step { state, wake in
                state.noteUnreported(set, &wake)
                // Somebody else reads in its place: nothing of this run will ever be taken note of.
                if error.isFenced { state.fail(error, sinkIsUsable: false, &wake) }
                return !set.isLast
            }
        }
        handOver.step { state, wake in
            state.noteReported()
            state.endCommit(set, &wake)
        }
        return true
    }

    private func tell(_ set: CommitSet) async throws {
        if !set.acknowledgements.isEmpty, let source = source as? any AcknowledgingSource {
            try await source.acknowledge(set.acknowledgements)
        }
        guard let source = source as? any CommittingSource else { return }
        guard let newest = positions.unreported(adding: current(set).positions) else { return }
        try await source.commit(newest)
        positions.noteReported(newest)
    }

    /// Whether there is no later commit that could do in place of this one, and no other place that keeps the positions.
    private func isWorthRetrying(_ set: CommitSet) -> Bool {
        set.isLast && handOver.step { state, _ in state.traits.reportsCommit && state.firstError == nil }
    }
}

extension Error {
    fileprivate var isFenced: Bool { (self as? ConnectorError)?.code == .fenced }
}
