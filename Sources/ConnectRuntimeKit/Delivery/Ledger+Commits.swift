// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// From settled to durable.
extension Ledger {
    /// Notes what is committable at this moment.
    mutating func beginCommit() -> CommitSet {
        let entries = dirtySlots.map { slot in
            CommitSet.Entry(slot: slot, at: partitions[slot].committable, in: partitions[slot])
        }
        let set = CommitSet(entries: entries, acknowledgements: pendingAcknowledgements)
        pendingAcknowledgements = []
        return set
    }

    /// Notes that a set is durable.
    mutating func finishCommit(_ set: CommitSet) {
        let before = uncommittedRecords
        for entry in set.entries where isCurrent(entry.slot, entry.generation) {
            counts.committed += Int(partitions[entry.slot].commit(entry.position.sequence))
        }
        counts.committed += set.acknowledgements.count
        reduceUncommittedBytes(after: before)
        dirtySlots.removeAll { partitions[$0].committable.isNone }
        forgetIdlePartitions(set)
    }

    /// Bytes are not counted by partition: they are let go in proportion to the records.
    ///
    /// - Parameter before: how many records were uncommitted before some of them were let go.
    mutating func reduceUncommittedBytes(after before: Int) {
        let share = before == 0 ? 0 : Double(uncommittedRecords) / Double(before)
        uncommittedBytes = Int(Double(uncommittedBytes) * share)
    }

    /// A set without the partitions that were taken away since it was noted.
    func current(_ set: CommitSet) -> CommitSet {
        guard lostPartitions > 0 else { return set }
        var current = set
        current.entries.removeAll { !isCurrent($0.slot, $0.generation) }
        return current
    }

    /// Takes acknowledgements back that could not be passed on.
    mutating func restore(_ acknowledgements: [Acknowledgement]) {
        pendingAcknowledgements.insert(contentsOf: acknowledgements, at: 0)
    }

    private mutating func forgetIdlePartitions(_ set: CommitSet) {
        book.forgetSettled(keeping: Self.partitionsKeptWhenIdle)
        guard !remembersAppliedPositions, slots.count > Self.partitionsKeptWhenIdle else { return }
        // Only what is too many: each that comes again costs a slot's making.
        for entry in set.entries where slots.count > Self.partitionsKeptWhenIdle {
            if isCurrent(entry.slot, entry.generation), partitions[entry.slot].isIdle { free(entry.slot) }
        }
        shrink()
    }

    /// Gives memory back after many partitions were seen that do not come again.
    private mutating func shrink() {
        let wanted = 4 * max(slots.count, Self.partitionsKeptWhenIdle)
        guard partitions.count > wanted else { return }
        for slot in wanted..<partitions.count where partitions[slot].generation != 0 && partitions[slot].isIdle {
            free(slot)
        }
        let end = (partitions.lastIndex { $0.generation != 0 } ?? -1) + 1
        guard end < partitions.count / 2 else { return }
        partitions = partitions[..<end].map { $0 }
        book.cut(to: end)
        // The lowest is taken first, so that the end can be cut off the next time.
        freeSlots = partitions.indices.reversed().filter { partitions[$0].generation == 0 }
        slots = Dictionary(uniqueKeysWithValues: slots.map { ($0, $1) })
        dirtySlots = dirtySlots.map { $0 }
    }
}

/// Positions that a sink keeps with the data.
extension Ledger {
    /// The steps that a position-keeping sink takes when it applies records: what becomes committable by them.
    func steps(settling runs: [SettledRun]) -> [PositionAdvance.Step] {
        var touched: [Int: PartitionLedger] = [:]
        for run in runs where isCurrent(run.slot, run.generation) {
            touched[run.slot, default: partitions[run.slot]].settle(first: run.first, last: run.last, end: run.end)
        }
        return touched.keys.sorted().compactMap { slot in
            guard let partition = touched[slot], !partition.committable.isNone else { return nil }
            let new = StoredPosition(
                RecordPosition(partition: partition.partition, offset: partition.committable.offset),
                sequence: partition.committable.sequence
            )
            guard partition.applied.map({ $0.sequence < new.sequence }) ?? true else { return nil }
            return PositionAdvance.Step(from: partition.applied, to: new)
        }
    }

    /// The steps for positions that advanced without a record, which no put has carried.
    func stepsWithoutRecords(_ set: CommitSet) -> [PositionAdvance.Step] {
        guard remembersAppliedPositions else { return [] }
        return set.entries.compactMap { entry in
            guard isCurrent(entry.slot, entry.generation) else { return nil }
            let partition = partitions[entry.slot]
            guard partition.applied != entry.position else { return nil }
            return PositionAdvance.Step(from: partition.applied, to: entry.position)
        }
    }

    mutating func noteApplied(_ steps: [PositionAdvance.Step]) {
        for step in steps {
            if let slot = slots[step.new.position.partition] { partitions[slot].applied = step.new }
        }
    }
}

extension CommitSet.Entry {
    fileprivate init(slot: Int, at position: LedgerPosition, in partition: PartitionLedger) {
        self.init(
            slot: slot,
            generation: partition.generation,
            position: StoredPosition(
                RecordPosition(partition: partition.partition, offset: position.offset),
                sequence: position.sequence
            )
        )
    }
}
