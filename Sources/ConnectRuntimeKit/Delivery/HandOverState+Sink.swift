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
        return .put(batch)
    }

    /// Whether `sinkStep` would not park.
    var isSinkReady: Bool {
        phase > .draining || turn == .free && !isTurnWanted && (!queue.isEmpty || hasSourceEnded)
    }

    /// Nothing of a partition that is gone reaches the sink.
    private func withoutLostPartitions(_ batch: DeliveryBatch) -> DeliveryBatch {
        guard batch.ticket.head != nil else { return batch }
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

    /// Gives the turn back after a put whose records are all delivered.
    @inline(__always)
    mutating func endPut(_ ticket: Ticket, _ records: [ConnectorRecord], _ wake: inout Wakeups) {
        ledger.settle(ticket, records)
        noteSettled(&wake)
        releaseTurn(&wake)
    }

    /// Gives the turn back after a put that failed or had other verdicts; what has an outcome is settled.
    mutating func endPut(
        _ ticket: Ticket,
        _ records: [ConnectorRecord],
        outcomes: [RecordOutcome?],
        _ wake: inout Wakeups
    ) {
        ledger.settle(ticket, records, outcomes: outcomes)
        noteSettled(&wake)
        releaseTurn(&wake)
    }

    /// Lets go of what a queued batch was charged with.
    mutating func releaseQueued(_ batch: DeliveryBatch, polled count: Int, _ wake: inout Wakeups) {
        queue.release(records: count, charge: batch.charge)
        if wake.source == nil { wake.source = parked.source.take() }
    }

    /// Something became committable: the committer is told at once or by the timer.
    @inline(__always)
    mutating func noteSettled(_ wake: inout Wakeups) {
        if commitsPromptly, ledger.hasPendingAcknowledgements {
            demandCommit(&wake)
        } else if parked.timer != nil, ledger.hasCommittable {
            wake.timer = parked.timer.take()
        }
        if !watchers.isEmpty {
            wake.others = watchers
            watchers = []
        }
    }

    /// The committer's turn comes before the next put.
    @inline(__always)
    mutating func releaseTurn(_ wake: inout Wakeups) {
        turn = .free
        if isTurnWanted {
            wake.committer = parked.committer.take()
        } else if !queue.isEmpty || hasSourceEnded {
            wake.sink = parked.sink.take()
        }
    }

    /// The sink's task has delivered everything there will be.
    mutating func endSink(_ wake: inout Wakeups) {
        hasSinkEnded = true
        wakeAll(&wake)
    }
}
