// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// Entries that were read of one stream and not returned yet.
struct StreamEntries {
    private(set) var records: [ConnectorRecord] = []
    /// Their indices count the records before them.
    private(set) var rejected: [RejectedInput] = []
    /// Behind all of them, where the last entries gave neither.
    private var progress: RecordPosition?
    /// The bytes of each record's entry.
    private var sizes: [Int] = []
    private(set) var size = 0

    var isEmpty: Bool { records.isEmpty && rejected.isEmpty && progress == nil }

    mutating func reserve(_ count: Int) {
        records.reserveCapacity(records.count + count)
        sizes.reserveCapacity(sizes.count + count)
    }

    mutating func add(_ record: ConnectorRecord, size: Int) {
        records.append(record)
        sizes.append(size)
        self.size += size
        progress = nil
    }

    /// Adds an entry that becomes nothing.
    mutating func skip(_ id: EntryID, of partition: RecordPartition) {
        progress = RecordPosition(partition: partition, offset: id.offset)
    }

    mutating func reject(_ id: EntryID, of partition: RecordPartition, _ error: ConnectorError, _ bytes: SharedBytes) {
        var error = error
        let position = RecordPosition(partition: partition, offset: id.offset)
        error.position = position
        progress = nil
        rejected.append(RejectedInput(at: records.count, position: position, error: error, bytes: bytes))
    }

    /// Takes entries from the beginning: as many as fit, and one at least where nothing was taken before.
    mutating func take(into batch: inout SourceBatch, _ room: inout PollRoom) {
        let count = room.take(sizes)
        if count == records.count, let progress { batch.progress.append(progress) }
        if count == records.count, batch.records.isEmpty, batch.rejected.isEmpty {
            batch.records = records
            batch.rejected = rejected
            self = StreamEntries()
            return
        }
        let before = batch.records.count
        batch.records += records.prefix(count)
        // What is rejected behind the last record that fits may come with it.
        let taken = rejected.prefix { $0.index <= count }
        batch.rejected += taken.map { $0.shifted(by: before) }
        if count == records.count { progress = nil }
        size -= sizes.prefix(count).reduce(0, +)
        records.removeFirst(count)
        sizes.removeFirst(count)
        rejected = rejected.dropFirst(taken.count).map { $0.shifted(by: -count) }
    }
}

/// What a poll may still return.
struct PollRoom {
    private var records: Int
    private var bytes: Int
    private var isUntouched = true

    init(_ request: PollRequest) {
        records = max(request.maxRecords, 1)
        bytes = request.maxBytes
    }

    /// How many of the first of these sizes fit; they are taken.
    mutating func take(_ sizes: [Int]) -> Int {
        var count = 0
        for size in sizes {
            guard records > 0, size <= bytes || isUntouched else { break }
            isUntouched = false
            records -= 1
            bytes = max(bytes - size, 0)
            count += 1
        }
        return count
    }
}

extension RejectedInput {
    fileprivate func shifted(by count: Int) -> RejectedInput {
        RejectedInput(at: index + count, position: position, error: error, bytes: bytes)
    }
}
