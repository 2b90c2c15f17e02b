// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension HandOverState {
    enum CommitStep: Sendable {
        /// The committer has the turn: it flushes, then stores the set.
        case commit(CommitSet)
        case park
        case end
    }

    /// Whether a commit now would make anything durable.
    var canCommit: Bool { seal.map { !$0.isEmpty } ?? ledger.hasCommittable }

    /// Has the committer take the sink's turn as soon as it is free.
    mutating func demandCommit(_ wake: inout Wakeups) {
        isCommitDue = true
        guard !isCommitting else { return }
        isTurnWanted = true
        if turn == .free { wakeCommitter(&wake) }
    }

    /// What the committer does next.
    mutating func commitStep(_ wake: inout Wakeups) -> CommitStep {
        guard phase != .aborted else { return .end }
        guard isCommitDue || hasSinkEnded else { return .park }
        guard turn == .free else {
            isTurnWanted = true
            return .park
        }
        isCommitDue = false
        isTurnWanted = false
        let set = commitSet()
        guard !set.isEmpty else {
            releaseTurn(&wake)
            return hasSinkEnded ? .end : .park
        }
        isCommitting = true
        commitStage = .flushing
        turn = .flushing
        return .commit(set)
    }

    /// Whether `commitStep` would not park.
    var isCommitterReady: Bool {
        phase == .aborted || turn == .free && (isCommitDue || hasSinkEnded)
    }

    /// What can be made durable now; with a checkpointing sink, what its newest usable checkpoint covers.
    private mutating func commitSet() -> CommitSet {
        var set = seal ?? ledger.beginCommit()
        set.checkpoint = checkpoint
        committedSeal = seal == nil ? nil : sealNumber
        return set
    }

    /// The sink is flushed: puts may go on while the positions are stored.
    mutating func endFlush(_ wake: inout Wakeups) {
        commitStage = .storing
        releaseTurn(&wake)
    }

    /// The commit failed: what it covered stays committable.
    mutating func abandonCommit(_ set: CommitSet, _ wake: inout Wakeups) {
        ledger.restore(set.acknowledgements)
        isCommitting = false
        if commitStage == .flushing { releaseTurn(&wake) }
        commitStage = .none
        wakeSource(&wake)
    }

    /// The set is durable where it is kept.
    mutating func endCommit(_ set: CommitSet, _ wake: inout Wakeups) {
        ledger.finishCommit(set)
        if seal != nil, committedSeal == sealNumber { seal = CommitSet() }
        commitNumber &+= 1
        isCommitting = false
        commitStage = .none
        isUncommittedTooLong = false
        if ledger.openTails == 0 { hasReportedOpenUnit = false }
        wakeSource(&wake)
        if commitsPromptly, ledger.hasPendingAcknowledgements { demandCommit(&wake) }
        if canCommit { wakeTimer(&wake) }
        wakeWatchers(&wake)
    }

    // MARK: Checkpoints

    /// Called before a put is settled that may leave a unit half way: keeps what the present checkpoint covers.
    mutating func sealBeforeSettling() {
        guard seal == nil else { return }
        sealNumber &+= 1
        seal = ledger.beginCommit()
    }

    /// Called after a put is settled; whether everything put is committable, so that a new checkpoint is of use.
    mutating func unsealIfWhole() -> Bool {
        guard ledger.isSealed else { return false }
        seal = nil
        return true
    }

    enum TimerStep: Sendable {
        /// Something waits to be committed.
        case wait(pollNumber: UInt64)
        case park
        case end
    }

    mutating func timerStep() -> TimerStep {
        guard phase <= .draining, !hasSinkEnded else { return .end }
        return canCommit && !isCommitDue && !isCommitting ? .wait(pollNumber: pollNumber) : .park
    }

    /// Whether the source has been waiting in one call for a while and nothing is in flight.
    func isSourceWaiting(since number: UInt64) -> Bool {
        commitsInPauses && isPolling && pollNumber == number && queue.records == 0 && turn == .free
    }
}

// MARK: Partitions that go

extension HandOverState {
    /// Whether everything of the partitions is committed; demands the commit that is missing.
    mutating func areCommitted(_ partitions: [RecordPartition], _ wake: inout Wakeups) -> Bool {
        let rest = ledger.rest(of: partitions)
        if rest.isSettled, !rest.isCommitted, !isCommitDue { demandCommit(&wake) }
        return rest.isSettled && rest.isCommitted
    }

    /// Forgets partitions that are gone.
    mutating func close(_ partitions: [RecordPartition], _ wake: inout Wakeups) {
        ledger.close(partitions)
        wakeSource(&wake)
        wakeWatchers(&wake)
    }
}
