// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension HandOverState {
    enum CommitStep: Sendable {
        /// Each sink is flushed when its puts have ended, then the set is stored.
        case commit(CommitJob)
        case park
        case end
    }

    /// Whether a commit now would make anything durable, or tell the source what it has not taken note of.
    var canCommit: Bool { seal.map { !$0.isEmpty } ?? ledger.hasCommittable || mayReportAgain }

    private var mayReportAgain: Bool { isReportOwed && !isReportEarly(at: clock.now) }

    /// Has the committer take the sinks' turn as soon as they are free.
    mutating func demandCommit(_ wake: inout Wakeups) {
        isCommitDue = true
        guard !isCommitting, !isReportPaused else { return }
        // What a running put delivers belongs to the commit as well, where there is one sink to wait for.
        if desks.count == 1 { desks[0].isFlushWanted = desks[0].needsFlush }
        if isNotable { wakeCommitter(&wake) }
    }

    /// Whether what is committable can be noted now.
    private var isNotable: Bool { desks.count > 1 || desks[0].runningPuts == 0 || !desks[0].needsFlush }

    /// What the committer does next.
    mutating func commitStep(_ wake: inout Wakeups) -> CommitStep {
        guard phase != .aborted else { return .end }
        if let job = leftCommit.take() { return .commit(job) }
        guard isCommitDue || hasSinkEnded, !isCommitting, !isReportPaused else { return .park }
        guard isNotable else {
            desks[0].isFlushWanted = true
            return .park
        }
        guard canCommit else {
            isCommitDue = false
            if !isReportOwed { reportDue = nil }
            for sink in desks.indices { releaseFlush(sink, &wake) }
            return hasSinkEnded ? .end : .park
        }
        return .commit(CommitJob(beginCommit()))
    }

    /// Notes what is committable, and has each sink's next put wait for the flush.
    mutating func beginCommit() -> CommitSet {
        isCommitDue = false
        var set = commitSet()
        if hasSinkEnded { isReportOwed = false }
        set.oldestPoll = meter?.oldestSettled
        meter?.oldestSettled = nil
        if let traces {
            set.traces = traces
            self.traces = TraceLinks()
        }
        isCommitting = true
        for sink in desks.indices { desks[sink].isFlushWanted = desks[sink].needsFlush }
        return set
    }

    /// Whether `commitStep` would not park.
    var isCommitterReady: Bool {
        if phase == .aborted || leftCommit != nil { return true }
        return (isCommitDue || hasSinkEnded) && !isCommitting && isNotable && !isReportPaused
    }

    /// What can be made durable now; with checkpointing sinks, what their newest usable checkpoints cover.
    private mutating func commitSet() -> CommitSet {
        var set = seal ?? ledger.beginCommit()
        set.isLast = hasSinkEnded
        // From here on they are the set's, which gives them back where it fails.
        seal?.acknowledgements = []
        set.checkpoints = checkpoints
        committedSeal = seal == nil ? nil : sealNumber
        return set
    }

    // MARK: Telling the source

    /// Whether the source could not take note of a commit, and is not to be told again yet.
    func isReportEarly(at now: ConnectorClock.Instant) -> Bool {
        guard let reportDue, !hasSinkEnded else { return false }
        return now < reportDue
    }

    /// Whether a commit would be of no use before the source is told again.
    private var isReportPaused: Bool { reportDue != nil && traits.reportsCommit && isReportEarly(at: clock.now) }

    /// The source took note of a commit.
    mutating func noteReported() {
        isReportOwed = false
        reportFailures = 0
        reportDue = nil
    }

    /// The source could not take note of a commit: it is told again later, with what is the newest then.
    mutating func noteUnreported(_ set: CommitSet, _ wake: inout Wakeups) {
        reportFailures += 1
        let delay = options.retry.delay(afterFailures: reportFailures, randomness)
        reportDue = clock.now.advanced(by: delay)
        if traits.reportsCommit {
            abandonCommit(set, &wake)
        } else {
            isReportOwed = true
            endCommit(set, &wake)
        }
        wakeDueTimer(&wake)
    }

    // MARK: Flushing

    /// The sink is flushed: puts may go on while the others are flushed, and the positions are stored.
    mutating func releaseFlush(_ sink: Int, _ wake: inout Wakeups) {
        desks[sink].isFlushWanted = false
        guard desks[sink].hasWaiting || !backlog.isEmpty || hasSourceEnded else { return }
        wakeSink(sink, &wake)
    }

    /// The commit failed: what it covered stays committable.
    mutating func abandonCommit(_ set: CommitSet, _ wake: inout Wakeups) {
        ledger.restore(set.acknowledgements)
        meter?.noteSettled(set.oldestPoll)
        if let lost = set.traces { traces?.merge(lost) }
        isCommitting = false
        inlineStage = nil
        for sink in desks.indices { releaseFlush(sink, &wake) }
        wakeSource(&wake)
        if canCommit { wakeTimer(&wake) }
        goOnCommitting(&wake)
    }

    /// The set is durable where it is kept.
    mutating func endCommit(_ set: CommitSet, _ wake: inout Wakeups) {
        ledger.finishCommit(set)
        meterCommitted(set)
        if seal != nil, committedSeal == sealNumber { seal = CommitSet() }
        commitNumber &+= 1
        isCommitting = false
        inlineStage = nil
        isUncommittedTooLong = false
        if ledger.openTails == 0 { hasReportedOpenUnit = false }
        wakeSource(&wake)
        if traits.commitsPromptly, canCommit { demandCommit(&wake) }
        if canCommit { wakeTimer(&wake) }
        commitInPause(&wake)
        goOnCommitting(&wake)
        wakeWatchers(&wake)
    }

    /// Has the committer do what was demanded while the source's task was committing.
    private mutating func goOnCommitting(_ wake: inout Wakeups) {
        if isCommitDue { wakeCommitter(&wake) }
    }

    // MARK: Checkpoints

    /// Called before something is settled that may leave a unit half way or a gap: keeps what the checkpoints cover.
    mutating func sealBeforeSettling() {
        guard seal == nil, desks.contains(where: { $0.keepsCheckpoints }) else { return }
        sealNumber &+= 1
        seal = ledger.beginCommit()
    }

    /// Called after something was settled: once all that was put is committable, the checkpoints cover all of it.
    mutating func unsealIfEven() {
        guard ledger.isEven, halfRecords == 0, desks.count == 1 || shipments.isEmpty else { return }
        if let seal { ledger.restore(seal.acknowledgements) }
        seal = nil
        for desk in desks where desk.keepsCheckpoints { checkpoints[desk.name] = desk.checkpoint }
    }

    // MARK: Time

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
        traits.commitsInPauses && isPolling && pollNumber == number && isIdle && !isReportOwed
    }

    enum DueStep: Sendable {
        /// A put is due at that instant that nobody waits for yet.
        case arm(ConnectorClock.Instant)
        case park
        case end
    }

    /// What the task does that waits for the instants at which puts are due.
    mutating func dueStep(_ wake: inout Wakeups) -> DueStep {
        guard phase <= .draining, !hasSinkEnded else { return .end }
        let now = clock.now
        var next: ConnectorClock.Instant?
        for sink in desks.indices {
            guard let due = desks[sink].nextDue else { continue }
            if due > now {
                next = min(next ?? due, due)
            } else if desks[sink].isFree {
                wakeSink(sink, &wake)
            }
        }
        if let reportDue {
            if reportDue <= now { demandCommit(&wake) } else { next = min(next ?? reportDue, reportDue) }
        }
        if let due = rate?.due {
            if due <= now { wakeSource(&wake) } else { next = min(next ?? due, due) }
        }
        guard let next, armedDues.last.map({ next < $0 }) ?? true else { return .park }
        armedDues.append(next)
        return .arm(next)
    }

    /// The instant that was waited for has come.
    mutating func noteDue(_ due: ConnectorClock.Instant, _ wake: inout Wakeups) {
        armedDues.removeAll { $0 == due }
        for sink in desks.indices { wakeSink(sink, &wake) }
        wakeDueTimer(&wake)
        if isDelivered { wakeAll(&wake) }
    }
}

// MARK: Partitions that go

extension HandOverState {
    /// Whether everything of the partitions is committed; demands the commit that is missing.
    mutating func areCommitted(_ partitions: [RecordPartition], _ wake: inout Wakeups) -> Bool {
        guard !isAtWork(on: partitions) else { return false }
        let rest = ledger.rest(of: partitions)
        if rest.isSettled, !rest.isCommitted, !isCommitDue { demandCommit(&wake) }
        return rest.isSettled && rest.isCommitted
    }
}
