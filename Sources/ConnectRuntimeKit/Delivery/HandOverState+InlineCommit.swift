// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Commits that the source's task does itself, between a put of its own and the next poll.
extension HandOverState {
    /// Begins the commit that is due, for the source's task to do before it polls again; whether it has to. The put before it
    /// was its own, so that there is one sink, with nothing on its way.
    ///
    /// Waking the committer would take longer than a commit that is quick. Once polling is being stopped the source's task
    /// may be cancelled, and a commit must not be.
    mutating func beginInlineCommit(_ wake: inout Wakeups) -> Bool {
        guard mayCommitInline, canCommit else { return false }
        // What the committer was to be woken for is done here.
        if let task = wake.committer.take() { parked.committer = task }
        inlineCommit = CommitJob(beginCommit())
        return true
    }

    /// Whether a commit is quick and the only one, and the sink has nothing but to be flushed for it.
    private var mayCommitInline: Bool {
        commitPace.isQuick && !isCommitting && phase == .running && reportDue == nil && !desks[0].keepsPositions
            && !desks[0].keepsCheckpoints
    }

    /// The commit that was begun for the source's task, with the sink's turn where it has to be flushed.
    mutating func takeInlineCommit() -> CommitJob? {
        guard var job = inlineCommit.take() else { return nil }
        job.start = clock.now
        if !desks[0].needsFlush { job.stage = .save }
        inlineStage = job.stage
        return job
    }

    /// The sink is flushed, where that was to be done; what of the set is saved next.
    mutating func beginInlineSave(_ set: CommitSet, _ wake: inout Wakeups) -> CommitSet {
        releaseFlush(0, &wake)
        inlineStage = .save
        return ledger.current(set)
    }

    /// The set is saved; what of it the source is told next.
    mutating func beginInlineReport(_ set: CommitSet) -> CommitSet {
        noteDurable()
        inlineStage = .commit
        return ledger.current(set)
    }

    /// Leaves a commit of which a call failed to the committer, which tries again as the policy says.
    mutating func leaveToCommitter(_ job: CommitJob, _ wake: inout Wakeups) {
        inlineStage = nil
        leftCommit = job
        wakeCommitter(&wake)
    }
}
