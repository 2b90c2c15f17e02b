// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Testing

@testable import ConnectRuntimeKit

@Suite("Ledger")
struct LedgerTests {
    private let first = RecordPartition("first")
    private let second = RecordPartition("second")

    /// What is committable, as `partition:offset`.
    private func committable(_ ledger: inout Ledger) -> [String] {
        ledger.beginCommit().positions.map { "\($0.position.partition.name):\($0.position.offset)" }.sorted()
    }

    @Test("S1 S2: nothing polled, or nothing settled, is nothing to commit")
    func nothingSettled() {
        var ledger = Ledger()
        #expect(ledger.beginCommit().isEmpty)
        _ = ledger.issue(records(1...1))
        #expect(ledger.beginCommit().isEmpty)
        #expect(ledger.uncommittedRecords == 1)
    }

    @Test("S3 S21: what is committed is not committable again")
    func committedOnce() {
        var ledger = Ledger()
        let ticket = ledger.issue(records(1...3))
        ledger.settle(ticket, records(1...3))
        let set = ledger.beginCommit()
        #expect(set.positions.map(\.position.offset) == [RecordOffset(3)])
        ledger.finishCommit(set)
        #expect(ledger.beginCommit().isEmpty)
        #expect(ledger.uncommittedRecords == 0)
    }

    @Test("S22: a set that could not be stored is committable again, with newer positions winning")
    func failedCommit() {
        var ledger = Ledger()
        ledger.settle(ledger.issue(records(1...3)), records(1...3))
        _ = ledger.beginCommit()
        #expect(committable(&ledger) == [":3"])
        ledger.settle(ledger.issue(records(4...4)), records(4...4))
        #expect(committable(&ledger) == [":4"])
    }

    @Test("S4: partitions are independent of each other")
    func partitions() {
        var ledger = Ledger()
        let a = ledger.issue(records(1...2, partition: first))
        let b = ledger.issue(records(7...9, partition: second))
        let c = ledger.issue(records(3...3, partition: first))
        ledger.settle(b, records(7...9, partition: second))
        ledger.settle(c, records(3...3, partition: first))
        #expect(committable(&ledger) == ["second:9"])
        ledger.settle(a, records(1...2, partition: first))
        #expect(committable(&ledger) == ["first:3", "second:9"])
    }

    @Test("S5 G6: settled in the order 3, 1, 2, the committable offsets are none, 1, 3")
    func outOfOrder() {
        var ledger = Ledger()
        let tickets = (1...3).map { ledger.issue(records($0...$0)) }
        ledger.settle(tickets[2], records(3...3))
        #expect(committable(&ledger) == [])
        ledger.settle(tickets[0], records(1...1))
        #expect(committable(&ledger) == [":1"])
        ledger.settle(tickets[1], records(2...2))
        #expect(committable(&ledger) == [":3"])
    }

    @Test("S9: settling twice counts once")
    func settledTwice() {
        var ledger = Ledger()
        let tickets = (1...3).map { ledger.issue(records($0...$0)) }
        ledger.settle(tickets[1], records(2...2))
        ledger.settle(tickets[0], records(1...1))
        ledger.settle(tickets[0], records(1...1))
        ledger.settle(tickets[1], records(2...2))
        #expect(committable(&ledger) == [":2"])
        ledger.settle(tickets[2], records(3...3))
        #expect(committable(&ledger) == [":3"])
    }

    @Test("S8 S16 G7: a unit that spans batches is committable only when its last record is settled")
    func unitOverBatches() {
        var ledger = Ledger()
        let open = (1...2).map { ConnectorRecord(.text("\($0)")) }
        let a = ledger.issue(records(1...1) + open)
        let b = ledger.issue(records(9...9))
        ledger.settle(a, records(1...1) + open)
        #expect(committable(&ledger) == [":1"])
        #expect(!ledger.isEven)
        ledger.settle(b, records(9...9))
        #expect(committable(&ledger) == [":9"])
        #expect(ledger.isEven)
    }

    @Test("S17: a mark behind records is committable when they are settled, and not before")
    func mark() {
        var ledger = Ledger()
        let mark = RecordPosition(offset: RecordOffset("mark"))
        let ticket = ledger.issue(records(1...2), progress: [mark])
        #expect(committable(&ledger) == [])
        ledger.settle(ticket, records(1...2))
        #expect(committable(&ledger) == [":\"mark\""])
    }

    @Test("records without an outcome stay open, those before them are committable")
    func outcomes() {
        var ledger = Ledger()
        let batch = records(1...4) + records(10...13, partition: first)
        let ticket = ledger.issue(batch)
        ledger.settle(
            ticket,
            batch,
            outcomes: [
                .delivered, .dropped, nil, .delivered, .delivered, nil, nil, .delivered,
            ]
        )
        #expect(committable(&ledger) == [":2", "first:10"])
        #expect(ledger.counts.delivered == 4 && ledger.counts.dropped == 1)
    }

    @Test("lost partitions: what was in flight is not settled any more, and counts as lost")
    func lost() {
        var ledger = Ledger()
        let batch = records(1...3, partition: first)
        let ticket = ledger.issue(batch)
        ledger.close([first])
        ledger.settle(ticket, batch)
        #expect(ledger.beginCommit().isEmpty)
        #expect(ledger.counts.lost == 3 && ledger.counts.delivered == 0 && ledger.counts.inFlight == 0)
        ledger.settle(ledger.issue(records(2...2, partition: first)), records(2...2, partition: first))
        #expect(committable(&ledger) == ["first:2"])
    }

    @Test("of a lost partition no bytes are delivered, and none are taken back twice that were filtered out")
    func lostFilteredBytes() {
        var ledger = Ledger()
        let batch = records(10...12, partition: first) + records(10...14, partition: second)
        let ticket = ledger.issue(batch)
        ledger.close([first])
        ledger.settle(ticket, batch, filtered: [0, 2, 4])
        #expect(ledger.counts.deliveredBytes == 8 && ledger.counts.delivered == 4)
        #expect(ledger.counts.filtered == 1 && ledger.counts.lost == 3)
    }

    @Test("G10: the uncommitted bytes go with lost partitions, in proportion to the records")
    func lostBytes() {
        var ledger = Ledger()
        _ = ledger.issue(records(1...3, partition: first) + records(1...1, partition: second))
        let bytes = ledger.uncommittedBytes
        ledger.close([first])
        #expect(bytes > 0 && ledger.uncommittedBytes == bytes / 4)
        ledger.close([second])
        #expect(ledger.uncommittedBytes == 0 && ledger.uncommittedRecords == 0)
    }

    @Test("S10: partitions that are done leave nothing behind, and their numbers are never used again")
    func manyPartitions() {
        var ledger = Ledger()
        var newest: UInt64 = 0
        for number in 0..<20_000 {
            let batch = records(1...1, partition: RecordPartition("p\(number)"))
            ledger.settle(ledger.issue(batch), batch)
            let set = ledger.beginCommit()
            #expect(set.positions.allSatisfy { $0.sequence > newest } || number < Ledger.partitionsKeptWhenIdle + 1)
            newest = max(newest, set.positions.map(\.sequence).max() ?? 0)
            ledger.finishCommit(set)
        }
        #expect(ledger.partitionCount <= Ledger.partitionsKeptWhenIdle + 1)
    }

    @Test("S10 S69: what of a lost partition is in flight outlives the room that its slot had")
    func slotsThatAreCutOff() {
        var ledger = Ledger()
        let batches = (0..<6000).map { records(1...1, partition: RecordPartition("p\($0)")) }
        let tickets = batches.map { ledger.issue($0) }
        let kept = Ledger.partitionsKeptWhenIdle + 6
        ledger.close(batches[kept...].map { $0[0].partition })
        for index in 0..<kept { ledger.settle(tickets[index], batches[index]) }
        ledger.finishCommit(ledger.beginCommit())
        #expect(ledger.partitions.count < 3000)
        ledger.settle(tickets[5999], batches[5999])
        #expect(ledger.counts.delivered == kept && ledger.counts.lost == 6000 - kept)
        #expect(ledger.counts.inFlight == 0)
    }

    @Test("S10: more partitions than are kept cost those that are too many, and no more")
    func surplus() {
        var ledger = Ledger()
        let batches = (0..<2000).map { records(1...1, partition: RecordPartition("p\($0)")) }
        for batch in batches { ledger.settle(ledger.issue(batch), batch) }
        ledger.finishCommit(ledger.beginCommit())
        #expect(ledger.partitionCount == Ledger.partitionsKeptWhenIdle)
    }

    @Test("S10: however often partitions come and go, there is a number for the next one")
    func generationsBeginAnew() {
        var ledger = Ledger()
        ledger.nextGeneration = .max - 1
        for number in 0..<3 {
            let batch = records(1...1, partition: RecordPartition("p\(number)"))
            ledger.settle(ledger.issue(batch), batch)
        }
        #expect(ledger.partitions.map(\.generation) == [.max, 1, 2])
        ledger.finishCommit(ledger.beginCommit())
        #expect(ledger.counts.committed == 3)
    }

    @Test("G6 G7: against a naive model, in any order of settling", arguments: 0..<200)
    func model(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        var ledger = Ledger()
        var model = NaiveLedger()
        var open: [(ticket: Ticket, records: [ConnectorRecord], numbers: [Int])] = []
        for _ in 0..<Int.random(in: 1...60, using: &generator) {
            if open.isEmpty || Bool.random(using: &generator) {
                let batch = (0..<Int.random(in: 1...6, using: &generator)).map { _ in
                    model.record(in: [first, second].randomElement(using: &generator) ?? first, using: &generator)
                }
                open.append((ledger.issue(batch.map(\.record)), batch.map(\.record), batch.map(\.number)))
            } else {
                let chosen = open.remove(at: Int.random(in: 0..<open.count, using: &generator))
                if Bool.random(using: &generator) {
                    ledger.settle(chosen.ticket, chosen.records)
                } else {
                    let outcomes: [RecordOutcome?] = chosen.records.map { _ in .delivered }
                    ledger.settle(chosen.ticket, chosen.records, outcomes: outcomes)
                }
                model.settle(chosen.numbers)
            }
            #expect(committable(&ledger) == model.committable, "seed \(seed)")
            if Int.random(in: 0..<5, using: &generator) == 0 {
                ledger.finishCommit(ledger.beginCommit())
                model.commit()
            }
        }
    }
}

/// The definition of what is committable, spelled out record by record.
private struct NaiveLedger {
    private struct Entry {
        let partition: String
        let offset: Int64?
        var isSettled = false
    }

    private var entries: [Entry] = []
    private var committed: [String: Int64] = [:]

    mutating func record(
        in partition: RecordPartition,
        using generator: inout SeededGenerator
    ) -> (record: ConnectorRecord, number: Int) {
        let number = entries.count
        let offset: Int64? = Int.random(in: 0..<3, using: &generator) == 0 ? nil : Int64(number)
        entries.append(Entry(partition: partition.name, offset: offset))
        let record = ConnectorRecord(.text("\(number)"), partition: partition, offset: offset.map { RecordOffset($0) })
        return (record, number)
    }

    mutating func settle(_ numbers: [Int]) {
        for number in numbers { entries[number].isSettled = true }
    }

    private var newest: [String: Int64] {
        var newest: [String: Int64] = [:]
        for name in ["first", "second"] {
            for entry in entries where entry.partition == name {
                guard entry.isSettled else { break }
                if let offset = entry.offset { newest[name] = offset }
            }
        }
        return newest
    }

    var committable: [String] {
        newest.filter { committed[$0.key] != $0.value }.map { "\($0.key):\($0.value)" }.sorted()
    }

    mutating func commit() { committed.merge(newest) { $1 } }
}

extension Ledger {
    /// Settles the records of a batch that have an outcome, one by one.
    fileprivate mutating func settle(_ ticket: Ticket, _ records: [ConnectorRecord], outcomes: [RecordOutcome?]) {
        let shipment = Shipment(polled: records, ticket: ticket)
        for (index, outcome) in outcomes.enumerated() {
            if let outcome {
                settle(records[index], shipment.place(of: index), as: outcome, nil, bytes: records[index].heldCount)
            }
        }
    }
}
