// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// The counts by partition that the audit goes by, beside those of delivered records, which lie with their partition.
struct AuditBook: Sendable {
    typealias Figures = DeliveryAudit.Figures

    /// What is rare in the partition of a slot.
    struct Entry: Sendable {
        /// What became of records that were not delivered.
        var figures = Figures()
        /// The number from which on the partition's records are counted.
        var beginning: UInt64 = 0
        var marks = 0
        var settledMarks = 0

        var openMarks: Int { marks - settledMarks }
    }

    /// By slot.
    var entries: [Entry] = []
    /// By partition, where records have no numbers.
    private var tallies: [RecordPartition: Figures] = [:]
    private var nextSweep = 0
    private(set) var forgotten = Figures()
    private(set) var forgottenPartitions = 0
    /// Records that were polled and will get no number.
    var unnumbered = 0

    // MARK: Records with numbers

    mutating func open(_ slot: Int, after sequence: UInt64) {
        if slot == entries.count { entries.append(Entry()) } else { entries[slot] = Entry() }
        entries[slot].beginning = sequence
    }

    mutating func note(_ outcome: RecordOutcome, at slot: Int) { entries[slot].figures.note(outcome) }

    func figures(_ slot: Int, of partition: PartitionLedger) -> Figures {
        var figures = entries[slot].figures
        figures.polled = Int(partition.issued - entries[slot].beginning) - entries[slot].marks
        figures.delivered = partition.delivered
        return figures
    }

    mutating func close(_ slot: Int, of partition: PartitionLedger) {
        forgotten += figures(slot, of: partition)
        forgottenPartitions += 1
    }

    mutating func cut(to count: Int) { entries = entries[..<count].map { $0 } }

    /// Records that never got as far as a slot, and whose partition was taken away.
    mutating func noteLost(_ count: Int) {
        forgotten.polled += count
        forgotten.lost += count
    }

    // MARK: Records without numbers

    mutating func notePolled(_ records: [ConnectorRecord]) { forEachRun(records) { $0.polled += $1 } }

    mutating func noteDelivered(_ records: [ConnectorRecord]) { forEachRun(records) { $0.delivered += $1 } }

    mutating func note(_ outcome: RecordOutcome, of partition: RecordPartition) {
        tallies[partition, default: Figures()].note(outcome)
    }

    mutating func noteLost(of partition: RecordPartition) { tallies[partition, default: Figures()].lost += 1 }

    private mutating func forEachRun(_ records: [ConnectorRecord], _ body: (inout Figures, Int) -> Void) {
        records.withUnsafeBufferPointer { records in
            guard let base = records.baseAddress else { return }
            var start = 0
            while start < records.count {
                let (end, _) = base.scanRun(from: start, count: records.count)
                body(&tallies[base.partition(at: start), default: Figures()], end - start)
                start = end
            }
        }
    }

    /// Sums up partitions of which nothing is in flight, once there are many.
    mutating func forgetSettled(keeping count: Int) {
        guard tallies.count > max(count, nextSweep) else { return }
        var kept: [RecordPartition: Figures] = [:]
        for (partition, figures) in tallies {
            if figures.isBalanced {
                forgotten += figures
                forgottenPartitions += 1
            } else {
                kept[partition] = figures
            }
        }
        tallies = kept
        nextSweep = 2 * kept.count
    }

    var unnumberedPartitions: [RecordPartition: Figures] { tallies }
}
