// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Makes durable what is committable: noted, then flushed by the sink, then stored, then told to the source.
///
/// The committer's task does it, or the source's task between a put and the next poll.
struct Committer: Sendable {
    let sinks: [SinkWorker]
    let positions: PositionKeeper
    let handOver: HandOver
    let retrier: Retrier
    private let acknowledging: (any AcknowledgingSource)?
    private let committing: (any CommittingSource)?

    init(source: any Source, sinks: [SinkWorker], positions: PositionKeeper, handOver: HandOver, retrier: Retrier) {
        self.sinks = sinks
        self.positions = positions
        self.handOver = handOver
        self.retrier = retrier
        acknowledging = source as? any AcknowledgingSource
        committing = source as? any CommittingSource
    }

    /// The committer's task.
    @concurrent
    func run() async {
        while let job = await handOver.nextCommit() {
            guard await perform(job) else { return }
        }
    }

    /// - Returns: whether there is any use in going on.
    private func perform(_ job: CommitJob) async -> Bool {
        var job = job
        if job.start == nil {
            job.start = handOver.clock.now
            job.span = retrier.spans.begin()
        }
        do {
            guard try await commit(&job) else { return false }
        } catch {
            endSpan(job, error)
            handOver.step { state, wake in
                state.abandonCommit(job.set, &wake)
                state.fail(error, sinkIsUsable: false, &wake)
            }
            return false
        }
        let goesOn = await report(job)
        endSpan(job)
        return goesOn
    }

    func endSpan(_ job: CommitJob, _ error: (any Error)? = nil) {
        retrier.spans.end(job.span, .settle, of: "offset store", job.set.traces ?? TraceLinks(), error)
    }

    /// Flushes and stores; `false` when the pipeline is given up meanwhile.
    private func commit(_ job: inout CommitJob) async throws -> Bool {
        if job.stage == .flush {
            let set = job.set
            let steps = handOver.step { state, _ in state.ledger.stepsWithoutRecords(set) }
            guard try await flush(job, steps) else { return false }
            if !steps.isEmpty { handOver.step { state, _ in state.ledger.noteApplied(steps) } }
            job.stage = .save
            job.failure = nil
        }
        guard !job.set.isEmpty else { return true }
        let claims = positions.partitionClaims
        // After the claims, so that those of a partition that came again are never used for what it had before.
        let current = current(job.set)
        try await retrier.run("save", of: "offset store", after: job.failure) {
            try await positions.save(current, under: claims)
        }
        handOver.step { state, _ in state.noteDurable() }
        return true
    }

    /// The set without partitions that are gone.
    private func current(_ set: CommitSet) -> CommitSet {
        handOver.step { state, _ in state.ledger.current(set) }
    }

    /// Flushes every sink that needs it, each as soon as its puts have ended.
    private func flush(_ job: CommitJob, _ steps: [PositionAdvance.Step]) async throws -> Bool {
        guard sinks.count > 1 else { return try await flush(0, job, steps) }
        return try await withThrowingTaskGroup(of: Bool.self) { group in
            for sink in sinks.indices { group.addTask { try await flush(sink, job, steps) } }
            return try await group.reduce(true) { $0 && $1 }
        }
    }

    private func flush(_ sink: Int, _ job: CommitJob, _ steps: [PositionAdvance.Step]) async throws -> Bool {
        guard sinks[sink].needsFlush else { return true }
        guard await handOver.takeFlushTurn(sink) else { return false }
        try await sinks[sink].flush(sinks[sink].keepsPositions ? steps : [], after: job.failure)
        handOver.step { $0.releaseFlush(sink, &$1) }
        return true
    }

    /// Tells the source what is committed. A failure is no failure of the data: it is told again later.
    ///
    /// - Returns: whether there is any use in going on.
    private func report(_ job: CommitJob) async -> Bool {
        let set = job.set
        let isEarly = handOver.step { state, _ in state.isReportEarly(at: state.clock.now) }
        if isEarly {
            positions.noteUnreported(current(set).positions)
            handOver.step { $0.endCommit(set, &$1) }
            return true
        }
        do {
            if isWorthRetrying(set) {
                try await retrier.run("commit", of: "source") { try await tell(set, current(set)) }
            } else {
                try await retrier.calls.noting("commit", of: "source") { try await tell(set, current(set)) }
            }
        } catch {
            return noteUnreported(set, error)
        }
        noteReported(job)
        return true
    }

    func noteReported(_ job: CommitJob) {
        handOver.step { state, wake in
            state.noteReported()
            if let start = job.start { state.commitPace.note(state.clock.now.since(start)) }
            state.endCommit(job.set, &wake)
        }
    }

    /// - Returns: whether there is any use in going on.
    func noteUnreported(_ set: CommitSet, _ error: any Error) -> Bool {
        positions.noteUnreported(current(set).positions)
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

    /// - Parameter current: the set without partitions that are gone.
    func tell(_ set: CommitSet, _ current: CommitSet) async throws {
        if !set.acknowledgements.isEmpty, let acknowledging {
            try await acknowledging.acknowledge(set.acknowledgements)
        }
        guard let committing, let newest = positions.unreported(adding: current.positions) else { return }
        try await committing.commit(newest)
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
