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
        case put(isTimed: Bool, steps: [PositionAdvance.Step])
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
        let ticket = ledger.issue(batch.records, progress: batch.progress)
        guard !batch.records.isEmpty else {
            settleMarks(ticket, &wake)
            if batch.quiet != nil, queue.records == 0, canCommit { demandCommit(&wake) }
            return .queued
        }
        // Once polling is being stopped, this task may be cancelled, and a put must not be.
        if phase == .running, turn == .free, !isTurnWanted, queue.isEmpty, !pace.isSlow {
            turn = .putting
            inlineTicket = ticket
            isInlinePutQuiet = batch.quiet != nil
            let isTimed = pace.shouldMeasure(batch.records.count)
            return .put(isTimed: isTimed, steps: ledger.remembersAppliedPositions ? ledger.steps(of: ticket) : [])
        }
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
}

