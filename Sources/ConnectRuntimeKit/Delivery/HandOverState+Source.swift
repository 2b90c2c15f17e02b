// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension HandOverState {
    enum PollStep: Sendable {
        case poll(PollRequest)
        /// The limit of what may be in flight or uncommitted is reached.
        case rest
        case end
    }

    enum AcceptStep: Sendable {
        /// The source's own task puts the batch: it has the turn.
        case put(isTimed: Bool)
        case queued
    }

    /// What the source's task does next.
    mutating func pollStep(_ wake: inout Wakeups) -> PollStep {
        let step = restStep
        if case .rest = step, isUncommittedLimitReached, canCommit { demandCommit(&wake) }
        if case .poll = step {
            isPolling = true
            pollNumber &+= 1
        }
        return step
    }

    /// The same without the poll being noted.
    var restStep: PollStep {
        guard phase == .running, !hasSourceEnded else { return .end }
        let records = options.maxInFlightRecords - queue.records
        let bytes = options.maxInFlightBytes - queue.bytes
        guard records > 0, bytes > 0, mayPollUncommitted else { return .rest }
        return .poll(PollRequest(maxRecords: min(records, options.maxPollRecords), maxBytes: bytes))
    }

    private var isUncommittedLimitReached: Bool {
        ledger.uncommittedRecords >= options.maxUncommittedRecords
            || ledger.uncommittedBytes >= options.maxUncommittedBytes || isUncommittedTooLong
    }

    /// A unit is not stopped half way: while one is open and nothing can be committed, polling goes on over the limit.
    private var mayPollUncommitted: Bool {
        guard isUncommittedLimitReached else { return true }
        return ledger.openTails > 0 && !canCommit && queue.records == 0 && turn == .free && !isCommitting
    }

    /// Whether the limit is exceeded because of an open unit, told once.
    mutating func shouldReportOpenUnit() -> Bool {
        guard !hasReportedOpenUnit, ledger.openTails > 0, isUncommittedLimitReached else { return false }
        hasReportedOpenUnit = true
        return true
    }

    /// Takes what a poll returned.
    mutating func accept(_ batch: SourceBatch, _ wake: inout Wakeups) -> AcceptStep {
        isPolling = false
        if batch.isEnd { hasSourceEnded = true }
        guard phase <= .draining else { return .queued }
        guard !batch.records.isEmpty else {
            settleMarks(ledger.issue([], progress: batch.progress), &wake)
            if batch.quiet != nil, commitsInPauses, queue.records == 0, canCommit { demandCommit(&wake) }
            return .queued
        }
        // Once polling is being stopped, this task may be cancelled, and a put must not be.
        if phase == .running, turn == .free, !isTurnWanted, queue.isEmpty, !pace.isSlow {
            turn = .putting
            inlineTicket = ledger.issue(batch.records, progress: batch.progress)
            isInlinePutQuiet = batch.quiet != nil
            return .put(isTimed: pace.shouldMeasure(batch.records.count))
        }
        let ticket = ledger.issue(batch.records, progress: batch.progress)
        var next = DeliveryBatch(records: batch.records, ticket: ticket, lostPartitions: ledger.lostPartitions)
        next.isFollowedByQuiet = batch.quiet != nil
        queue.append(next, gatheringUpTo: options.maxPollRecords)
        wakeSink(&wake)
        return .queued
    }

    /// Ends a put of the source's own task, all of whose records are delivered.
    @inline(__always)
    mutating func endDeliveredInlinePut(_ records: [ConnectorRecord], _ wake: inout Wakeups) {
        ledger.settle(inlineTicket, records)
        noteSettled(isQuiet: isInlinePutQuiet, &wake)
        releaseTurn(&wake)
    }

    /// The same for a put that was timed, or whose sink is not a plain one.
    mutating func endInlinePut(_ records: [ConnectorRecord], _ report: PutReport, _ wake: inout Wakeups) {
        endPut(inlineTicket, records, isFollowedByQuiet: isInlinePutQuiet, report, &wake)
    }

    /// What a position-keeping sink advances with the source's own put.
    var inlineSteps: [PositionAdvance.Step] { ledger.steps(of: inlineTicket) }

    private mutating func settleMarks(_ ticket: Ticket, _ wake: inout Wakeups) {
        guard !ticket.isEmpty else { return }
        ledger.settle(ticket, [])
        noteSettled(isQuiet: false, &wake)
    }

    /// The source has returned its last batch, or was stopped.
    mutating func endSource(_ wake: inout Wakeups) {
        hasSourceEnded = true
        isPolling = false
        wakeAll(&wake)
    }

    // MARK: The lease

    /// How many batches the source's task may move without the lock from here on, the next poll being due.
    func leaseLength() -> Int {
        guard phase == .running, turn == .free, !isTurnWanted, queue.records == 0, pace.isSteady, watchers.isEmpty
        else {
            return 0
        }
        // The timer is at work already: it has seen that something is committable.
        guard canCommit, parked.timer == nil, seal == nil, ledger.style == .cumulative, !ledger.isEachRecordAUnit else {
            return 0
        }
        let records = (options.maxUncommittedRecords - ledger.uncommittedRecords) / options.maxPollRecords
        let bytes = (options.maxUncommittedBytes - ledger.uncommittedBytes) / Self.leaseBytesPerBatch
        return min(Self.longestLease, records, bytes)
    }

    private static let longestLease = 64
    private static let leaseBytesPerBatch = 1 << 20

    /// The put that was running when the lease ended is done.
    @inline(__always)
    mutating func endLeasedPut(_ wake: inout Wakeups) {
        pace.measureNext()
        noteSettled(isQuiet: false, &wake)
        releaseTurn(&wake)
    }

    /// A put under the lease had something else to report than that all is delivered.
    mutating func endLeasedPut(_ records: [ConnectorRecord], _ report: PutReport, _ wake: inout Wakeups) {
        inlineTicket = ledger.issue(records)
        endInlinePut(records, report, &wake)
    }
}
