// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension HandOverState {
    enum SinkStep: Sendable {
        case put(DeliveryBatch)
        case park
        case end
    }

    /// What the sink's task does next.
    mutating func sinkStep() -> SinkStep {
        guard phase <= .draining else { return .end }
        guard turn == .free, !isTurnWanted else { return .park }
        guard var batch = queue.popFirst() else { return hasSourceEnded ? .end : .park }
        if batch.lostPartitions != ledger.lostPartitions { batch = withoutLostPartitions(batch) }
        turn = .putting
        prepare(&batch)
        return .put(batch)
    }

    /// Whether `sinkStep` would not park.
    var isSinkReady: Bool {
        phase > .draining || turn == .free && !isTurnWanted && (!queue.isEmpty || hasSourceEnded)
    }

    /// Nothing of a partition that is gone reaches the sink.
    private func withoutLostPartitions(_ batch: DeliveryBatch) -> DeliveryBatch {
        guard !batch.ticket.isEmpty else { return batch }
        var kept = DeliveryBatch(records: [], ticket: Ticket(), charge: batch.charge)
        kept.isFollowedByQuiet = batch.isFollowedByQuiet
        var index = 0
        batch.ticket.forEachPart { part in
            if ledger.isCurrent(part) {
                kept.records.append(contentsOf: batch.records[index..<index + part.recordCount])
                kept.ticket.append(part)
            }
            index += part.recordCount
        }
        return kept
    }

    /// Adds what only the one knows who has the turn.
    @inline(__always)
    mutating func prepare(_ batch: inout DeliveryBatch) {
        batch.isTimed = pace.shouldMeasure(batch.records.count)
        if ledger.remembersAppliedPositions { batch.steps = ledger.steps(of: batch.ticket) }
    }

    /// Settles what a put has dealt with and gives the turn back.
    @inline(__always)
    mutating func endPut(
        _ ticket: Ticket,
        _ records: [ConnectorRecord],
        isFollowedByQuiet: Bool,
        _ report: PutReport,
        _ wake: inout Wakeups
    ) {
        if report.nanoseconds >= 0 { pace.note(nanoseconds: report.nanoseconds, recordCount: records.count) }
        guard case .delivered = report.result, report.checkpoint == nil, seal == nil, !ledger.remembersAppliedPositions
        else {
            endUnusualPut(ticket, records, isFollowedByQuiet: isFollowedByQuiet, report, &wake)
            return
        }
        ledger.settle(ticket, records)
        noteSettled(isQuiet: isFollowedByQuiet && queue.isEmpty, &wake)
        releaseTurn(&wake)
    }

    /// The same for puts with a checkpoint, with positions kept by the sink, with verdicts, or failed.
    private mutating func endUnusualPut(
        _ ticket: Ticket,
        _ records: [ConnectorRecord],
        isFollowedByQuiet: Bool,
        _ report: PutReport,
        _ wake: inout Wakeups
    ) {
        if report.checkpoint != nil || seal != nil, !ticket.endsWhole { sealBeforeSettling() }
        switch report.result {
        case .delivered:
            if ledger.remembersAppliedPositions { ledger.noteApplied(ledger.steps(of: ticket)) }
            ledger.settle(ticket, records)
            if let checkpoint = report.checkpoint, unsealIfWhole() { self.checkpoint = checkpoint }
            noteSettled(isQuiet: isFollowedByQuiet && queue.isEmpty, &wake)
        case .settled(let outcomes):
            if ledger.remembersAppliedPositions { ledger.noteApplied(ledger.steps(of: ticket)) }
            ledger.settle(ticket, records, outcomes: outcomes)
            if let checkpoint = report.checkpoint, unsealIfWhole() { self.checkpoint = checkpoint }
            noteSettled(isQuiet: false, &wake)
        case .failed(let error, let outcomes):
            if !outcomes.isEmpty { ledger.settle(ticket, records, outcomes: outcomes) }
            fail(error, sinkIsUsable: false, &wake)
        }
        releaseTurn(&wake)
    }

    /// Lets go of what a queued batch was charged with.
    mutating func releaseQueued(_ batch: DeliveryBatch, _ wake: inout Wakeups) {
        queue.release(batch)
        wakeSource(&wake)
    }

    /// Something became committable: the committer is told at once, or by the timer.
    @inline(__always)
    mutating func noteSettled(isQuiet: Bool, _ wake: inout Wakeups) {
        if isQuiet && commitsInPauses || commitsPromptly, canCommit {
            demandCommit(&wake)
        } else if parked.timer != nil, canCommit {
            wakeTimer(&wake)
        }
        wakeWatchers(&wake)
    }

    /// The committer's turn comes before the next put.
    @inline(__always)
    mutating func releaseTurn(_ wake: inout Wakeups) {
        turn = .free
        if isTurnWanted {
            wakeCommitter(&wake)
        } else if !queue.isEmpty || hasSourceEnded {
            wakeSink(&wake)
        }
    }

    /// The sink's task has delivered everything there will be.
    mutating func endSink(_ wake: inout Wakeups) {
        hasSinkEnded = true
        wakeAll(&wake)
    }
}

/// What became of a put.
struct PutReport: Sendable {
    enum Result: Sendable {
        case delivered
        /// Each record has an outcome.
        case settled([RecordOutcome?])
        /// What has no outcome is not settled.
        case failed(any Error, outcomes: [RecordOutcome?])
    }

    var result: Result

    var isFailure: Bool {
        if case .failed = result { true } else { false }
    }

    /// The sink's place after the put.
    var checkpoint: SinkCheckpoint?
    /// How long the put took; negative where it was not timed.
    var nanoseconds: Int64 = -1
}
