// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension HandOverState {
    /// What became of every record, with what is in flight counted where it lies.
    var audit: DeliveryAudit {
        let inFlight = recordsInFlight
        var totals = ledger.counts.figures
        totals.inFlight = inFlight.values.reduce(0, +) + ledger.book.unnumbered
        return ledger.audit(totals, inFlight)
    }

    /// Records that are numbered, or without a number polled, and not settled: in the batch that the source's task puts, in
    /// shipments, and in batches that wait for the one before.
    private var recordsInFlight: [RecordPartition: Int] {
        var found: [RecordPartition: Int] = [:]
        inlineTicket.forEachPart { part in
            if let partition = ledger.partition(of: part) { found[partition, default: 0] += part.recordCount }
        }
        if ledger.style == .individual { for record in inlineRecords { found[record.partition, default: 0] += 1 } }
        shipments.forEach { count($0.polled, $0.ticket, $0.detail, &found) }
        backlog.forEach { count($0.polled, $0.ticket, nil, &found) }
        return found
    }

    private func count(
        _ polled: [ConnectorRecord],
        _ ticket: Ticket,
        _ detail: Shipment.Detail?,
        _ found: inout [RecordPartition: Int]
    ) {
        var index = 0
        func count(_ records: Int) {
            for _ in 0..<records {
                if detail.map({ $0.rest[index] > 0 }) ?? true { found[polled[index].partition, default: 0] += 1 }
                index += 1
            }
        }
        guard !ticket.isEmpty else { return count(polled.count) }
        ticket.forEachPart { part in
            // Those of a partition that was taken away are counted as lost.
            if ledger.isCurrent(part) { count(part.recordCount) } else { index += part.recordCount }
        }
    }
}

extension DeliveryCounts {
    fileprivate var figures: DeliveryAudit.Figures {
        var figures = DeliveryAudit.Figures()
        figures.polled = polled
        figures.delivered = delivered
        figures.filtered = filtered
        figures.deadLettered = deadLettered
        figures.dropped = dropped
        figures.lost = lost
        return figures
    }
}

extension Ledger {
    /// The partition of a part of a ticket, unless it was taken away.
    func partition(of part: Ticket.Part) -> RecordPartition? {
        isCurrent(part) ? partitionName(part.slot) : nil
    }

    func audit(_ totals: DeliveryAudit.Figures, _ inFlight: [RecordPartition: Int]) -> DeliveryAudit {
        var partitions = figuresByPartition
        for (partition, count) in inFlight {
            partitions[partition, default: DeliveryAudit.Figures()].inFlight = count
        }
        return DeliveryAudit(
            totals: totals,
            partitions: partitions,
            forgotten: book.forgotten,
            forgottenPartitions: book.forgottenPartitions,
            undelivered: book.unnumbered
        )
    }
}
