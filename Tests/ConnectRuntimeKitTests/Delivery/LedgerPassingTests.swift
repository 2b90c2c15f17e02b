// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Testing

@testable import ConnectRuntimeKit

/// Numbering records once they are delivered is a shorter way to what numbering them before leads to.
@Suite("Ledger: records that are numbered once they are delivered")
struct LedgerPassingTests {
    /// What a ledger tells of itself.
    private struct Face: Equatable {
        let counts: DeliveryCounts
        let bytes: Int
        let openTails: Int
        let isEven: Bool
        let committable: [String]
        let figures: [RecordPartition: DeliveryAudit.Figures]

        init(_ ledger: inout Ledger) {
            counts = ledger.counts
            bytes = ledger.uncommittedBytes
            openTails = ledger.openTails
            isEven = ledger.isEven
            committable = ledger.beginCommit().positions.map { "\($0.position) \($0.sequence)" }.sorted()
            figures = ledger.figuresByPartition
        }
    }

    /// Records of some partitions in turns: now and then inside a unit, with a long offset, or of another object with the
    /// same name.
    private func batch(_ random: inout SeededGenerator, _ partitions: [RecordPartition], _ next: inout Int64)
        -> [ConnectorRecord]
    {
        (0..<random.below(12)).map { _ in
            let known = partitions[random.below(partitions.count)]
            let partition = random.below(8) == 0 ? RecordPartition(known.name) : known
            next += 1
            let offset =
                switch random.below(10) {
                case 0: RecordOffset?.none
                case 1: RecordOffset("an offset with more than 15 bytes \(next)")
                default: RecordOffset(next, incarnation: UInt64(random.below(2)))
                }
            return ConnectorRecord(
                .text(String(repeating: "x", count: random.below(5))),
                partition: partition,
                offset: offset
            )
        }
    }

    @Test("both ways lead to the same, whatever else is on its way", arguments: 0..<500)
    func leadsToTheSame(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let partitions = [.single] + (0..<random.below(4)).map { RecordPartition("p\($0)") }
        var (passing, numbering) = (Ledger(), Ledger())
        var pending: [(records: [ConnectorRecord], Ticket, Ticket)] = []
        var next: Int64 = 0
        for _ in 0..<40 {
            let records = batch(&random, partitions, &next)
            switch random.below(6) {
            case 0:
                pending.append((records, passing.issue(records), numbering.issue(records)))
            case 1 where !pending.isEmpty:
                let (records, first, second) = pending.remove(at: random.below(pending.count))
                passing.settle(first, records)
                numbering.settle(second, records)
            case 2:
                passing.finishCommit(passing.beginCommit())
                numbering.finishCommit(numbering.beginCommit())
            default:
                passing.pass(records, progress: [])
                numbering.settle(numbering.issue(records), records)
            }
            #expect(Face(&passing) == Face(&numbering))
        }
    }
}
