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
    var slots: [RecordPartition: Int] = [:]
    var freeSlots: [Int] = []
    var dirtySlots: [Int] = []
    var initial: [RecordPartition: StoredPosition]
    /// No record of a partition that is seen again may get a number that was used before.
    var highWater: UInt64
    var nextGeneration: UInt32 = 0
    var pendingAcknowledgements: [Acknowledgement] = []
    var unevenPartitions = 0

    var openTails = 0
    var counts = DeliveryCounts()
    var uncommittedBytes = 0
    var lostPartitions = 0
    /// Counts by partition; those with numbers have theirs in their slot.
    var book = AuditBook()

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
        let (end, runBytes) = records.scanRun(from: start, count: count)
        let unitEnd = records.lastUnitEnd(from: start, to: end)
        ticket.byteCount += runBytes
        let slot = slot(for: records.partition(at: start))
        let isWhole = unitEnd == end - 1 || isEachRecordAUnit
        let first = issue(slot, end - start, endsUnit: isWhole)
        let last = first + UInt64(end - start - 1)
        var position = LedgerPosition.none
        if let unitEnd, let offset = records.offset(at: unitEnd) {
            position = LedgerPosition(offset: offset, sequence: first + UInt64(unitEnd - start))
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
        counts.deliveredBytes += ticket.byteCount - records.heldCount(of: filtered)
        var filtered = filtered[...]
        var end = 0
        ticket.forEachPart { part in
            end += part.recordCount
            let filteredHere = filtered.prefix { $0 < end }
            let filteredCount = filteredHere.count
            filtered = filtered.dropFirst(filteredCount)
            guard isCurrent(part) else {
                counts.deliveredBytes -= records.heldCount(of: (end - part.recordCount)..<end)
                counts.deliveredBytes += records.heldCount(of: filteredHere)
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
    /// - Parameters:
    ///   - place: its place in its part of the ticket, or `nil` where records have no numbers.
    ///   - bytes: the bytes of its data as it was polled.
    mutating func settle(
        _ record: ConnectorRecord,
        _ place: (part: Ticket.Part, number: UInt64)?,
        as outcome: RecordOutcome,
        _ error: ConnectorError?,
        bytes: Int
    ) {
        guard let (part, number) = place else {
            count(outcome, bytes)
            book.note(outcome, of: record.partition)
            acknowledge(record, outcome, error)
            return
        }
        guard isCurrent(part) else { return }
        count(outcome, bytes)
        note(outcome, at: part.slot)
        let offset = record.offset ?? (isEachRecordAUnit ? RecordOffset(Int64(number)) : nil)
        let end = offset.map { LedgerPosition(offset: $0, sequence: number) } ?? .none
        settle(part.slot, part.generation, first: number, last: number, end: end)
    }

    private mutating func note(_ outcome: RecordOutcome, at slot: Int) {
        if outcome == .delivered { partitions[slot].delivered += 1 } else { book.note(outcome, at: slot) }
    }

    private mutating func count(_ outcome: RecordOutcome, _ bytes: Int) {
        counts.note(outcome)
        if outcome == .delivered { counts.deliveredBytes += bytes }
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
        guard isCurrent(slot, generation) else { return }
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
}
