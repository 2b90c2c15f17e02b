// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Partitions that come and go, and their slots.
extension Ledger {
    /// Makes room for a partition that was assigned, going on from what is stored.
    mutating func open(_ partition: RecordPartition, from stored: StoredPosition?) {
        close([partition])
        initial[partition] = stored
        highWater = max(highWater, stored?.sequence ?? 0)
        _ = slot(for: partition)
    }

    /// Whether nothing of the partitions is in flight, and whether nothing of them is left to commit.
    func rest(of names: [RecordPartition]) -> (isSettled: Bool, isCommitted: Bool) {
        let present = names.compactMap { slots[$0].map { partitions[$0] } }
        return (present.allSatisfy { $0.inFlight == 0 }, present.allSatisfy(\.committable.isNone))
    }

    /// Counts records that were polled, and will never be numbered: the run ends before.
    mutating func notePolled(_ count: Int) {
        counts.polled += count
        book.unnumbered += count
    }

    /// Counts a record without a number whose partition was taken away.
    mutating func noteLost(_ record: ConnectorRecord) {
        counts.lost += 1
        counts.committed += 1
        book.noteLost(of: record.partition)
    }

    /// Counts records that were polled, and whose partition was taken away before they were numbered.
    mutating func noteLost(_ count: Int) {
        counts.polled += count
        counts.lost += count
        counts.committed += count
        book.noteLost(count)
    }

    /// Forgets partitions that are gone: what of them is in flight is not settled any more.
    mutating func close(_ names: [RecordPartition]) {
        let before = uncommittedRecords
        for name in names {
            if let slot = slots[name] { lose(slot) }
        }
        reduceUncommittedBytes(after: before)
        dirtySlots.removeAll { partitions[$0].generation == 0 }
    }

    func isCurrent(_ part: Ticket.Part) -> Bool { isCurrent(part.slot, part.generation) }

    /// Whether a slot still is that of the partition to which it was given; slots are given again, and cut off.
    func isCurrent(_ slot: Int, _ generation: UInt32) -> Bool {
        slot < partitions.count && partitions[slot].generation == generation
    }

    private mutating func lose(_ slot: Int) {
        let partition = partitions[slot]
        let lost = Int(partition.inFlight) - book.entries[slot].openMarks
        counts.lost += lost
        book.entries[slot].figures.lost += lost
        counts.committed += Int(partition.issued - partition.committedSequence)
        lostPartitions += 1
        free(slot)
    }

    mutating func free(_ slot: Int) {
        if partitions[slot].isUneven { unevenPartitions -= 1 }
        if partitions[slot].isTailOpen { openTails -= 1 }
        book.close(slot, of: partitions[slot])
        slots[partitions[slot].partition] = nil
        partitions[slot] = PartitionLedger(partition: .single, generation: 0, after: 0, applied: nil)
        freeSlots.append(slot)
    }

    /// The slot of a partition; a partition seen for the first time gets one.
    mutating func slot(for partition: RecordPartition) -> Int {
        let hint = partition.indexHint
        if hint < partitions.count, partitions[hint].isUsed(for: partition) { return hint }
        if let slot = slots[partition] {
            partition.indexHint = slot
            return slot
        }
        nextGeneration = nextGeneration == .max ? 1 : nextGeneration + 1
        let stored = initial.removeValue(forKey: partition)
        let ledger = PartitionLedger(
            partition: partition,
            generation: nextGeneration,
            after: highWater,
            applied: stored
        )
        let slot = freeSlots.popLast() ?? partitions.count
        if slot == partitions.count { partitions.append(ledger) } else { partitions[slot] = ledger }
        book.open(slot, after: ledger.issued)
        slots[partition] = slot
        partition.indexHint = slot
        return slot
    }

    mutating func issue(_ slot: Int, _ count: Int, endsUnit: Bool) -> UInt64 {
        let wasOpen = partitions[slot].isTailOpen
        let first = partitions[slot].issue(count, endsUnit: endsUnit)
        openTails += (endsUnit ? 0 : 1) - (wasOpen ? 1 : 0)
        highWater = max(highWater, partitions[slot].issued)
        return first
    }
}
