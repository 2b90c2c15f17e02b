// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// What a batch is known by in the ledger: the numbers of its records, partition by partition.
struct Ticket: Sendable {
    /// A run of consecutive records of one partition, or a progress mark.
    struct Part: Sendable {
        let slot: Int
        let generation: UInt32
        /// How many records it is about; none for a progress mark, which has a number all the same.
        let recordCount: Int
        let first: UInt64
        let last: UInt64
        /// The newest offset in the run.
        let end: LedgerPosition?

        var endsWhole: Bool { end?.sequence == last }
    }

    /// The first part, kept apart so that a batch of one partition needs no array.
    private(set) var head: Part?
    private(set) var tail: [Part] = []
    private(set) var recordCount = 0
    var byteCount = 0

    /// Whether the batch leaves no unit half way.
    var endsWhole: Bool {
        guard let head else { return true }
        return head.endsWhole && tail.allSatisfy(\.endsWhole)
    }

    mutating func append(_ part: Part) {
        recordCount += part.recordCount
        if head == nil { head = part } else { tail.append(part) }
    }

    /// For records that are acknowledged one by one and have no numbers.
    mutating func countRecords(of records: [ConnectorRecord]) {
        recordCount += records.count
        for record in records { byteCount += record.heldCount }
    }

    mutating func append(contentsOf other: Ticket) {
        if let head = other.head { append(head) } else { recordCount += other.recordCount }
        for part in other.tail { append(part) }
        byteCount += other.byteCount
    }

    @inline(__always)
    func forEachPart(_ body: (Part) -> Void) {
        guard let head else { return }
        body(head)
        for part in tail { body(part) }
    }
}

/// An offset of a partition with the number of its record.
struct LedgerPosition: Sendable {
    let offset: RecordOffset
    let sequence: UInt64
}
