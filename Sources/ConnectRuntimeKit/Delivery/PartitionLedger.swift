// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// What is known of one partition, from the newest record polled to the newest position committed.
///
/// Records are numbered as they are polled. While they are settled in order nothing is stored for a record: the settled
/// prefix is one number, and only what is settled ahead of it is kept, as ranges.
struct PartitionLedger {
    /// A run of settled records behind records that are not.
    private struct SettledRange {
        let first: UInt64
        var last: UInt64
        var end: LedgerPosition
    }

    let partition: RecordPartition
    /// Tells this use of a slot from earlier ones: what was polled before a partition was lost counts no more.
    let generation: UInt32
    /// The number of the newest record polled.
    private(set) var issued: UInt64
    /// Whether the newest record polled is inside a unit.
    private(set) var isTailOpen = false
    /// Every record up to this number is settled.
    private(set) var settled: UInt64
    /// The number of the newest settled record that ends a unit.
    private var boundary: UInt64
    /// The newest position that is committable and not committed.
    private(set) var committable = LedgerPosition.none
    /// The number of the newest committed position.
    private(set) var committedSequence: UInt64
    /// How many records were delivered. It lies here, and the other outcomes elsewhere, because it changes with each batch.
    var delivered = 0
    /// What a position-keeping sink has stored for the partition.
    var applied: StoredPosition?

    private var ahead: [SettledRange] = []

    init(partition: RecordPartition, generation: UInt32, after sequence: UInt64, applied: StoredPosition?) {
        self.partition = partition
        self.generation = generation
        self.applied = applied
        issued = sequence
        settled = sequence
        boundary = sequence
        committedSequence = sequence
    }

    /// How many records are polled and not settled.
    var inFlight: UInt64 { issued - settled - ahead.reduce(0) { $0 + ($1.last - $1.first + 1) } }
    /// Whether a settled record belongs to a unit that has not ended.
    var hasOpenUnit: Bool { settled > boundary }
    /// Whether something is settled that cannot be committed yet: a unit has not ended, or something before it is open.
    var isUneven: Bool { hasOpenUnit || !ahead.isEmpty }
    /// Whether nothing of the partition is in flight or left to commit.
    var isIdle: Bool { issued == settled && committable.isNone && !hasOpenUnit }

    /// Whether this slot is in use for just that object.
    @inline(__always)
    func isUsed(for other: RecordPartition) -> Bool { partition.isIdentical(to: other) && generation != 0 }

    /// Numbers the next records; returns the first number.
    mutating func issue(_ count: Int, endsUnit: Bool) -> UInt64 {
        let first = issued + 1
        issued += UInt64(count)
        isTailOpen = !endsUnit
        return first
    }

    /// Whether everything polled is settled, up to the end of a unit.
    @inline(__always)
    var isEven: Bool { settled == issued && boundary == issued }

    /// Numbers and settles records at once, the last of which ends a unit, where all before them is settled.
    ///
    /// - Returns: whether that could be done without counting a reference; otherwise nothing is changed.
    @inline(__always)
    mutating func pass(_ count: Int, toOffsetOf last: Int, in records: UnsafePointer<ConnectorRecord>) -> Bool {
        guard records.overwriteSmallOffset(&committable.offset, at: last) else { return false }
        let newest = issued &+ UInt64(truncatingIfNeeded: count)
        issued = newest
        settled = newest
        boundary = newest
        delivered &+= count
        committable.sequence = newest
        return true
    }

    mutating func settle(first: UInt64, last: UInt64, end: LedgerPosition) {
        guard first == settled + 1 else {
            keepAhead(SettledRange(first: first, last: last, end: end))
            return
        }
        advance(to: last, end)
        while let next = ahead.first, next.first == settled + 1 {
            advance(to: next.last, next.end)
            ahead.removeFirst()
        }
    }

    private mutating func advance(to last: UInt64, _ end: LedgerPosition) {
        settled = last
        guard !end.isNone else { return }
        boundary = end.sequence
        committable = end
    }

    private mutating func keepAhead(_ range: SettledRange) {
        guard range.first > settled else { return }
        let index = ahead.firstIndex { $0.first > range.first } ?? ahead.count
        if index > 0, ahead[index - 1].last + 1 == range.first {
            ahead[index - 1].last = range.last
            if !range.end.isNone { ahead[index - 1].end = range.end }
        } else {
            ahead.insert(range, at: index)
        }
    }

    /// Notes that a position is durable; returns how many records that are no longer uncommitted.
    mutating func commit(_ sequence: UInt64) -> UInt64 {
        guard sequence > committedSequence else { return 0 }
        let count = sequence - committedSequence
        committedSequence = sequence
        if committable.sequence <= sequence { committable = .none }
        return count
    }
}
