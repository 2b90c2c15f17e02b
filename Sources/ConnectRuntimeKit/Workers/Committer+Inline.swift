// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension Committer {
    /// Does the commit that was begun for the source's task: each call once, and what fails is left to the committer's task.
    ///
    /// The steps are those of ``run()``, in the same order. There is one plain sink, and nobody else uses it.
    @inline(never)
    func commitInline() async {
        guard var job = handOver.sourceStep({ state, _ in state.takeInlineCommit() }) else { return }
        job.span = retrier.spans.begin()
        do {
            try await makeDurable(&job)
        } catch {
            job.failure = error
            return handOver.sourceStep { $0.leaveToCommitter(job, &$1) }
        }
        let set = job.set
        let current = handOver.sourceStep { state, _ in state.beginInlineReport(set) }
        do {
            try await noting("commit", of: "source") { try await tell(set, current) }
            noteReported(job)
        } catch {
            _ = noteUnreported(set, error)
        }
        endSpan(job)
    }

    private func makeDurable(_ job: inout CommitJob) async throws {
        if job.stage == .flush {
            try await noting("flush", of: sinks[0].name) { try await sinks[0].flushOnce([]) }
            job.stage = .save
        }
        let claims = positions.partitionClaims
        let set = job.set
        let current = handOver.sourceStep { $0.beginInlineSave(set, &$1) }
        try await noting("save", of: "offset store") { try await positions.save(current, under: claims) }
    }

    /// The state machine knows the stage; durations are in the register alone.
    @inline(__always)
    private func noting(_ name: String, of connector: String, _ call: () async throws -> Void) async throws {
        guard retrier.calls.isMeasuring else { return try await call() }
        try await retrier.calls.noting(name, of: connector, call)
    }
}
