// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Where a source is in a log.
struct InMemoryLogCursor: Sendable {
    /// By the partitions' order in the log: the number of the next record.
    fileprivate var next: [Int] = []
    /// Which partition has the first turn in the next poll.
    fileprivate var turn = 0
}

/// What a log holds and who has read it.
struct InMemoryLogState: Sendable {
    private struct Entry: Sendable {
        var record: ConnectorRecord
        var endsUnit: Bool
    }

    private struct Partition: Sendable {
        let name: RecordPartition
        var entries = InMemoryLogEntries<Entry>()
    }

    private struct Kept: Sendable {
        var epoch: Epoch
        var positions: [RecordPartition: StoredPosition] = [:]
    }

    private let capacity: Int?
    private var partitions: [Partition] = []
    private var indices: [RecordPartition: Int] = [:]
    /// The partition of each record, in the order in which they were appended.
    private var arrivals = InMemoryLogEntries<Int>()
    /// What pipelines have committed, by their name.
    private var committed: [String: [RecordPartition: RecordOffset]] = [:]
    /// What position-keeping sinks have stored with the records.
    private var kept: [String: Kept] = [:]
    var isFinished = false

    init(capacity: Int?) { self.capacity = capacity }

    var count: Int { arrivals.end }
    var droppedCount: Int { arrivals.start }

    // MARK: Records

    mutating func append(_ record: ConnectorRecord, endsUnit: Bool = true) {
        let index = index(of: record.partition)
        var record = record
        // One object for each partition, which the runner recognizes; without it each record would keep its own.
        if !record.partition.isIdentical(to: partitions[index].name) { record.partition = partitions[index].name }
        record.detach()
        partitions[index].entries.append(Entry(record: record, endsUnit: endsUnit))
        arrivals.append(index)
        if let capacity, arrivals.count > capacity { partitions[arrivals.removeFirst()].entries.removeFirst() }
    }

    private mutating func index(of partition: RecordPartition) -> Int {
        if let index = indices[partition] { return index }
        // Without the defaults of the first record: they are not those of all.
        let name = RecordPartition(partition.name)
        indices[name] = partitions.count
        partitions.append(Partition(name: name))
        return partitions.count - 1
    }

    var records: [ConnectorRecord] {
        var next = partitions.map(\.entries.start)
        return (arrivals.start..<arrivals.end).map { arrival in
            let index = arrivals[arrival]
            defer { next[index] += 1 }
            return partitions[index].entries[next[index]].record
        }
    }

    func records(of partition: RecordPartition) -> [ConnectorRecord] {
        guard let index = indices[partition] else { return [] }
        let entries = partitions[index].entries
        return (entries.start..<entries.end).map { entries[$0].record }
    }

    // MARK: Reading

    /// The number of the record behind a position.
    func next(after position: RecordPosition) throws(ConnectorError) -> Int {
        let partition = position.partition
        guard let sequence = position.offset.sequence, position.offset.incarnation == 0, sequence >= 0 else {
            throw ConnectorError(
                .corruptOffsets,
                "offset \(position.offset) of \(partition) is not one of a log in memory, which counts its records from "
                    + "0; reset the offsets of the pipeline",
                position: position
            )
        }
        let entries = indices[partition].map { partitions[$0].entries } ?? InMemoryLogEntries()
        guard sequence >= entries.start - 1, sequence < entries.end else {
            let range = entries.count == 0 ? "nothing" : "the offsets \(entries.start) to \(entries.end - 1)"
            throw ConnectorError(
                .corruptOffsets,
                "offset \(sequence) of \(partition) is committed, but the log in memory has \(range) there: it is another "
                    + "one, or has dropped what follows; reset the offsets of the pipeline, or keep them in memory too",
                position: position
            )
        }
        return Int(sequence) + 1
    }

    mutating func cursor(of pipeline: String, from positions: [RecordPosition]) throws(ConnectorError)
        -> InMemoryLogCursor
    {
        var cursor = InMemoryLogCursor()
        cursor.next = partitions.map(\.entries.start)
        for position in positions {
            let next = try next(after: position)
            cursor.next[index(of: position.partition)] = next
        }
        committed[pipeline, default: [:]] = [:]
        noteCommit(positions, by: pipeline)
        return cursor
    }

    /// The next records of the partitions in turns, or `nil` where there is nothing to say at present.
    func read(_ cursor: inout InMemoryLogCursor, _ request: PollRequest) throws(ConnectorError) -> SourceBatch? {
        while cursor.next.count < partitions.count { cursor.next.append(0) }
        let heldBack = Set(request.heldBack)
        var room = Room(request)
        var records: [ConnectorRecord] = []
        let first = cursor.turn
        for step in partitions.indices {
            let index = (first + step) % partitions.count
            guard !heldBack.contains(partitions[index].name) else { continue }
            guard room.isLeft else { break }
            try take(index, &cursor, &room, &records)
            cursor.turn = index + 1
        }
        let isAllRead = partitions.indices.allSatisfy { cursor.next[$0] == partitions[$0].entries.end }
        guard !records.isEmpty || (isFinished && isAllRead) else { return nil }
        return SourceBatch(records, isEnd: isFinished && isAllRead)
    }

    /// How much more a poll may return.
    private struct Room {
        var records: Int
        var bytes: Int
        var isLeft = true

        init(_ request: PollRequest) { (records, bytes) = (max(1, request.maxRecords), request.maxBytes) }

        /// Whether a record may come along: one that alone is too large does so alone.
        mutating func admit(_ record: ConnectorRecord, isFirst: Bool) -> Bool {
            let size = record.heldCount
            isLeft = isFirst || (records > 0 && size <= bytes)
            if isLeft { (records, bytes) = (records - 1, bytes - size) }
            return isLeft
        }
    }

    private func take(
        _ index: Int,
        _ cursor: inout InMemoryLogCursor,
        _ room: inout Room,
        _ records: inout [ConnectorRecord]
    ) throws(ConnectorError) {
        let entries = partitions[index].entries
        guard cursor.next[index] >= entries.start else {
            throw ConnectorError(
                .fatal,
                "the log in memory has dropped records of \(partitions[index].name) that were not read, from offset "
                    + "\(cursor.next[index]) on; give it a larger capacity, or read faster"
            )
        }
        while cursor.next[index] < entries.end {
            let entry = entries[cursor.next[index]]
            guard room.admit(entry.record, isFirst: records.isEmpty) else { return }
            var record = entry.record
            record.offset = entry.endsUnit ? RecordOffset(Int64(cursor.next[index])) : nil
            records.append(record)
            cursor.next[index] += 1
        }
    }

    func lag(of cursor: InMemoryLogCursor) -> [RecordPartition: Int64] {
        var lag: [RecordPartition: Int64] = [:]
        for (index, partition) in partitions.enumerated() {
            lag[partition.name] = Int64(partition.entries.end - (index < cursor.next.count ? cursor.next[index] : 0))
        }
        return lag
    }

    // MARK: Committed

    mutating func noteCommit(_ positions: [RecordPosition], by pipeline: String) {
        for position in positions { committed[pipeline, default: [:]][position.partition] = position.offset }
    }

    func committed(by pipeline: String?) -> [RecordPosition] {
        partitions.compactMap { partition in
            let offsets = readers(pipeline).map { $0[partition.name]?.sequence ?? -1 }
            guard let least = offsets.min(), least >= 0 else { return nil }
            return RecordPosition(partition: partition.name, offset: RecordOffset(least))
        }
    }

    func hasCommitted(_ positions: [RecordPosition], by pipeline: String?) -> Bool {
        let readers = readers(pipeline)
        return !readers.isEmpty
            && positions.allSatisfy { position in
                readers.allSatisfy { ($0[position.partition]?.sequence ?? -1) >= position.offset.sequence ?? .max }
            }
    }

    private func readers(_ pipeline: String?) -> [[RecordPartition: RecordOffset]] {
        guard let pipeline else { return Array(committed.values) }
        return committed[pipeline].map { [$0] } ?? []
    }

    /// The newest position of each partition.
    var ends: [RecordPosition] {
        partitions.compactMap { partition in
            guard partition.entries.end > 0 else { return nil }
            return RecordPosition(partition: partition.name, offset: RecordOffset(Int64(partition.entries.end - 1)))
        }
    }

    // MARK: Positions kept with the records

    func positions(in scope: ClaimScope) -> [StoredPosition] {
        kept[scope.connector].map { Array($0.positions.values) } ?? []
    }

    mutating func advance(_ advance: PositionAdvance) throws(ConnectorError) {
        var new = kept[advance.scope.connector] ?? Kept(epoch: advance.epoch)
        guard advance.epoch >= new.epoch else {
            throw ConnectorError(
                .fenced,
                "epoch \(advance.epoch) of \(advance.scope) is outdated: \(new.epoch) came after it"
            )
        }
        new.epoch = advance.epoch
        for step in advance.steps {
            let partition = step.new.position.partition
            guard new.positions[partition] == step.expected else {
                throw ConnectorError(.fenced, "the position kept for \(partition) is not the one that was expected")
            }
            new.positions[RecordPartition(partition.name)] = step.new.detached
        }
        kept[advance.scope.connector] = new
    }
}

/// A list whose elements keep their number when the oldest ones are dropped.
struct InMemoryLogEntries<Element: Sendable>: Sendable {
    private var elements: [Element] = []
    /// How many of the elements are dropped already.
    private var head = 0
    /// The number of the first element that is kept.
    private(set) var start = 0

    /// The number that the next element gets.
    var end: Int { start + count }
    var count: Int { elements.count - head }

    subscript(number: Int) -> Element { elements[head + number - start] }

    mutating func append(_ element: Element) { elements.append(element) }

    @discardableResult
    mutating func removeFirst() -> Element {
        let first = elements[head]
        head += 1
        start += 1
        // Seldom, so that it costs little for each element.
        if head >= 64, head >= count {
            elements.removeFirst(head)
            head = 0
        }
        return first
    }
}
