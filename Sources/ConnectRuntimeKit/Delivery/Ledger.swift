// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// The bookkeeping of a pipeline from polled to committed.
struct Ledger: Sendable {
    /// How the source wants its records acknowledged.
    let style: SourceTraits.AcknowledgementStyle.Kind
    /// Whether the positions are kept with the data, so that the newest one of each partition must not be forgotten.
    let remembersAppliedPositions: Bool
    /// Whether a record needs no offset to be committed: nobody keeps positions.
    let isEachRecordAUnit: Bool

    /// Slots; those not in use have the generation 0.
    var partitions: [PartitionLedger] = []
    private var slots: [RecordPartition: Int] = [:]
    private var freeSlots: [Int] = []
    var dirtySlots: [Int] = []
    private var initial: [RecordPartition: StoredPosition]
    /// No record of a partition that is seen again may get a number that was used before.
    var highWater: UInt64
    private var nextGeneration: UInt32 = 0
    private var pendingAcknowledgements: [Acknowledgement] = []
    private var unevenPartitions = 0

    private(set) var openTails = 0
    var counts = DeliveryCounts()
    var uncommittedBytes = 0
    private(set) var lostPartitions = 0
    /// Counts by partition; those with numbers have theirs in their slot.
    private(set) var book = AuditBook()

    static let partitionsKeptWhenIdle = 1024

    init(
        style: SourceTraits.AcknowledgementStyle.Kind = .cumulative,
        remembersAppliedPositions: Bool = false,
        isEachRecordAUnit: Bool = false,
        initial: [StoredPosition] = []
    ) {
        self.isEachRecordAUnit = isEachRecordAUnit
        self.style = style
        self.remembersAppliedPositions = remembersAppliedPositions
        self.initial = Dictionary(initial.map { ($0.position.partition, $0) }) { $0.sequence > $1.sequence ? $0 : $1 }
        highWater = initial.map(\.sequence).max() ?? 0
    }

    var uncommittedRecords: Int { counts.polled + counts.marks - counts.committed }
    var hasCommittable: Bool { !dirtySlots.isEmpty || !pendingAcknowledgements.isEmpty }
    /// Whether everything that was settled can be committed: no unit is half way through, and there are no gaps.
    var isEven: Bool { unevenPartitions == 0 }
    var partitionCount: Int { slots.count }

    // MARK: Polled

    /// Numbers the records and marks of a batch.
    mutating func issue(_ records: [ConnectorRecord], progress: [RecordPosition] = []) -> Ticket {
        counts.polled += records.count
        var ticket = Ticket()
        guard style == .cumulative else {
            ticket.countRecords(of: records)
            book.notePolled(records)
            uncommittedBytes += ticket.byteCount
            return ticket
        }
        records.withUnsafeBufferPointer { records in
            guard let base = records.baseAddress else { return }
            var start = 0
            while start < records.count {
                start = issueRun(base, from: start, count: records.count, to: &ticket)
            }
        }
        uncommittedBytes += ticket.byteCount
        for mark in progress { issueMark(mark, to: &ticket) }
        return ticket
    }

    /// Numbers the records from `start` on that have the same partition; returns where the next run starts.
    private mutating func issueRun(
        _ records: UnsafePointer<ConnectorRecord>,
        from start: Int,
        count: Int,
        to ticket: inout Ticket
    ) -> Int {
        var end = start
        var newestOffset = -1
        var bytes = 0
        repeat {
            if records.hasOffset(at: end) { newestOffset = end }
            bytes += records.heldCount(at: end)
            end += 1
        } while end < count && records.sharePartition(end, start)
        ticket.byteCount += bytes
        let slot = slot(for: records.partition(at: start))
        let isWhole = newestOffset == end - 1 || isEachRecordAUnit
        let first = issue(slot, end - start, endsUnit: isWhole)
        let last = first + UInt64(end - start - 1)
        var position = LedgerPosition.none
        if newestOffset >= 0, let offset = records.offset(at: newestOffset) {
            position = LedgerPosition(offset: offset, sequence: first + UInt64(newestOffset - start))
        }
        if isEachRecordAUnit, position.sequence != last {
            position = LedgerPosition(offset: RecordOffset(Int64(last)), sequence: last)
        }
        ticket.append(
            Ticket.Part(
                slot: slot,
                generation: partitions[slot].generation,
                recordCount: end - start,
                first: first,
                last: last,
                end: position
            )
        )
        return end
    }

    private mutating func issueMark(_ mark: RecordPosition, to ticket: inout Ticket) {
        let slot = slot(for: mark.partition)
        let number = issue(slot, 1, endsUnit: true)
        counts.marks += 1
        book.entries[slot].marks += 1
        ticket.append(
            Ticket.Part(
                slot: slot,
                generation: partitions[slot].generation,
                recordCount: 0,
                first: number,
                last: number,
                end: LedgerPosition(offset: mark.offset, sequence: number)
            )
        )
    }

    // MARK: Settled

    /// Settles a whole batch.
    ///
    /// - Parameter filtered: the records that were filtered out, in their order.
    mutating func settle(_ ticket: Ticket, _ records: [ConnectorRecord], filtered: [Int] = []) {
        guard style == .cumulative else {
            counts.delivered += records.count
            counts.deliveredBytes += ticket.byteCount
            book.noteDelivered(records)
            for record in records { acknowledge(record, .delivered, nil) }
            return
        }
        counts.deliveredBytes += ticket.byteCount - filtered.reduce(0) { $0 + records[$1].heldCount }
        var filtered = filtered[...]
        var end = 0
        ticket.forEachPart { part in
            end += part.recordCount
            let rest = filtered.drop { $0 < end }
            let filteredCount = filtered.count - rest.count
            filtered = rest
            guard isCurrent(part) else {
                for record in records[(end - part.recordCount)..<end] { counts.deliveredBytes -= record.heldCount }
                return
            }
            let delivered = part.recordCount - filteredCount
            counts.delivered += delivered
            counts.filtered += filteredCount
            partitions[part.slot].delivered += delivered
            if filteredCount > 0 { book.entries[part.slot].figures.filtered += filteredCount }
            if part.recordCount == 0 { book.entries[part.slot].settledMarks += 1 }
            settle(part.slot, part.generation, first: part.first, last: part.last, end: part.end)
        }
    }

    /// How many records of a batch are of partitions that were taken away since they were numbered.
    func lostRecords(of ticket: Ticket) -> Int {
        guard lostPartitions > 0 else { return 0 }
        var lost = 0
        ticket.forEachPart { if !isCurrent($0) { lost += $0.recordCount } }
        return lost
    }

    /// Settles one record.
    ///
    /// - Parameter number: its place in its part of the ticket, or `nil` where records have no numbers.
    mutating func settle(
        _ record: ConnectorRecord,
        _ place: (part: Ticket.Part, number: UInt64)?,
        as outcome: RecordOutcome,
        _ error: ConnectorError?
    ) {
        guard let (part, number) = place else {
            count(record, outcome)
            book.note(outcome, of: record.partition)
            acknowledge(record, outcome, error)
            return
        }
        guard isCurrent(part) else { return }
        count(record, outcome)
        note(outcome, at: part.slot)
        let offset = record.offset ?? (isEachRecordAUnit ? RecordOffset(Int64(number)) : nil)
        let end = offset.map { LedgerPosition(offset: $0, sequence: number) } ?? .none
        settle(part.slot, part.generation, first: number, last: number, end: end)
    }

    private mutating func note(_ outcome: RecordOutcome, at slot: Int) {
        if outcome == .delivered { partitions[slot].delivered += 1 } else { book.note(outcome, at: slot) }
    }

    private mutating func count(_ record: ConnectorRecord, _ outcome: RecordOutcome) {
        counts.note(outcome)
        if outcome == .delivered { counts.deliveredBytes += record.heldCount }
    }

    /// Settles the progress marks of a batch, each of which waits for what is before it in its partition.
    mutating func settleMarks(of ticket: Ticket) {
        ticket.forEachPart { part in
            guard part.recordCount == 0 else { return }
            if isCurrent(part) { book.entries[part.slot].settledMarks += 1 }
            settle(part.slot, part.generation, first: part.first, last: part.last, end: part.end)
        }
    }

    private mutating func acknowledge(
        _ record: ConnectorRecord,
        _ outcome: RecordOutcome,
        _ error: ConnectorError?
    ) {
        guard let position = record.position else { return }
        pendingAcknowledgements.append(Acknowledgement(position: position, outcome: outcome, error: error))
    }

    mutating func settle(
        _ slot: Int,
        _ generation: UInt32,
        first: UInt64,
        last: UInt64,
        end: LedgerPosition
    ) {
        guard partitions[slot].generation == generation else { return }
        let wasDirty = !partitions[slot].committable.isNone
        let wasUneven = partitions[slot].isUneven
        partitions[slot].settle(first: first, last: last, end: end)
        if !wasDirty, !partitions[slot].committable.isNone { dirtySlots.append(slot) }
        unevenPartitions += (partitions[slot].isUneven ? 1 : 0) - (wasUneven ? 1 : 0)
    }

    // MARK: The audit

    func partitionName(_ slot: Int) -> RecordPartition { partitions[slot].partition }

    /// The figures of the partitions that are known, but for what is in flight.
    var figuresByPartition: [RecordPartition: DeliveryAudit.Figures] {
        guard style == .cumulative else { return book.unnumberedPartitions }
        return slots.mapValues { book.figures($0, of: partitions[$0]) }
    }

    // MARK: Committed

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
        for entry in set.entries where partitions[entry.slot].generation == entry.generation {
            counts.committed += Int(partitions[entry.slot].commit(entry.position.sequence))
        }
        counts.committed += set.acknowledgements.count
        // Bytes are not counted by partition: they are let go in proportion to the records.
        let share = before == 0 ? 0 : Double(uncommittedRecords) / Double(before)
        uncommittedBytes = Int(Double(uncommittedBytes) * share)
        dirtySlots.removeAll { partitions[$0].committable.isNone }
        forgetIdlePartitions(set)
    }

    /// A set without the partitions that were taken away since it was noted.
    func current(_ set: CommitSet) -> CommitSet {
        guard lostPartitions > 0 else { return set }
        var current = set
        current.entries.removeAll { partitions[$0.slot].generation != $0.generation }
        return current
    }

    /// Takes acknowledgements back that could not be passed on.
    mutating func restore(_ acknowledgements: [Acknowledgement]) {
        pendingAcknowledgements.insert(contentsOf: acknowledgements, at: 0)
    }

    private mutating func forgetIdlePartitions(_ set: CommitSet) {
        book.forgetSettled(keeping: Self.partitionsKeptWhenIdle)
        guard !remembersAppliedPositions, slots.count > Self.partitionsKeptWhenIdle else { return }
        for entry in set.entries where partitions[entry.slot].generation == entry.generation {
            if partitions[entry.slot].isIdle { free(entry.slot) }
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

    // MARK: Positions kept with the data

    /// The steps that a position-keeping sink takes when it applies records: what becomes committable by them.
    func steps(settling runs: [SettledRun]) -> [PositionAdvance.Step] {
        var touched: [Int: PartitionLedger] = [:]
        for run in runs where partitions[run.slot].generation == run.generation {
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
            let partition = partitions[entry.slot]
            guard partition.generation == entry.generation, partition.applied != entry.position else { return nil }
            return PositionAdvance.Step(from: partition.applied, to: entry.position)
        }
    }

    mutating func noteApplied(_ steps: [PositionAdvance.Step]) {
        for step in steps {
            if let slot = slots[step.new.position.partition] { partitions[slot].applied = step.new }
        }
    }

    // MARK: Partitions

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
        for name in names {
            if let slot = slots[name] { lose(slot) }
        }
        dirtySlots.removeAll { partitions[$0].generation == 0 }
    }

    func isCurrent(_ part: Ticket.Part) -> Bool { partitions[part.slot].generation == part.generation }

    private mutating func lose(_ slot: Int) {
        let partition = partitions[slot]
        let lost = Int(partition.inFlight) - book.entries[slot].openMarks
        counts.lost += lost
        book.entries[slot].figures.lost += lost
        counts.committed += Int(partition.issued - partition.committedSequence)
        lostPartitions += 1
        free(slot)
    }

    private mutating func free(_ slot: Int) {
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
        nextGeneration += 1
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
