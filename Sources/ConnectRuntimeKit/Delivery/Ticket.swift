// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// What a batch is known by in the ledger: the numbers of its records, partition by partition.
///
/// The first part lies in the ticket itself, so that a batch of one partition needs no array.
struct Ticket: Sendable {
    /// A run of consecutive records of one partition, or a progress mark.
    struct Part: Sendable {
        var slot: Int
        var generation: UInt32
        /// How many records it is about; none for a progress mark, which has a number all the same.
        var recordCount: Int
        var first: UInt64
        var last: UInt64
        /// The newest offset in the run, where there is one.
        var end: LedgerPosition

        var endsWhole: Bool { end.sequence == last }

        /// Stands where there is no part; no part has the generation 0.
        static let none = Part(slot: 0, generation: 0, recordCount: 0, first: 0, last: 0, end: .none)
    }

    private(set) var head = Part.none
    private(set) var tail: [Part] = []
    private(set) var recordCount = 0
    var byteCount = 0

    var isEmpty: Bool { head.generation == 0 }

    /// Whether the batch leaves no unit half way.
    var endsWhole: Bool { isEmpty || head.endsWhole && tail.allSatisfy(\.endsWhole) }

    @inline(__always)
    mutating func append(_ part: Part) {
        recordCount += part.recordCount
        if isEmpty { head = part } else { tail.append(part) }
    }

    /// For records that are acknowledged one by one and have no numbers.
    mutating func countRecords(of records: [ConnectorRecord]) {
        recordCount += records.count
        byteCount += records.heldCount
    }

    mutating func append(contentsOf other: Ticket) {
        if other.isEmpty { recordCount += other.recordCount } else { append(other.head) }
        for part in other.tail { append(part) }
        byteCount += other.byteCount
    }

    func part(at index: Int) -> Part { index == 0 ? head : tail[index - 1] }

    @inline(__always)
    func forEachPart(_ body: (Part) -> Void) {
        guard !isEmpty else { return }
        body(head)
        for part in tail { body(part) }
    }
}

/// An offset of a partition with the number of its record; the number 0 stands for none.
struct LedgerPosition: Sendable {
    var offset: RecordOffset
    var sequence: UInt64

    var isNone: Bool { sequence == 0 }

    static let none = LedgerPosition(offset: RecordOffset(0), sequence: 0)
}
