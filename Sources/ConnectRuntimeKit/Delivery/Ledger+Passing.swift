// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Records that are numbered only once they are delivered.
extension Ledger {
    /// Numbers and settles records that were delivered at once, without a ticket.
    mutating func pass(_ records: [ConnectorRecord], progress: [RecordPosition]) {
        guard progress.isEmpty, !isEachRecordAUnit else {
            settle(issue(records, progress: progress), records)
            return
        }
        var bytes = 0
        records.withUnsafeBufferPointer { records in
            guard let base = records.baseAddress else { return }
            var start = 0
            while start < records.count {
                start = passEvenRuns(base, from: start, count: records.count, &bytes)
                if start < records.count { start = passRun(base, from: start, count: records.count, &bytes) }
            }
        }
        counts.polled += records.count
        counts.delivered += records.count
        counts.deliveredBytes += bytes
        uncommittedBytes += bytes
    }

    /// Passes runs as long as each is of a known partition of which nothing else is on its way, and ends a unit.
    ///
    /// Where the partitions of the records take turns, most runs are of one record: so nothing here counts a reference.
    ///
    /// - Returns: where the first run begins that has more to it.
    private mutating func passEvenRuns(
        _ records: UnsafePointer<ConnectorRecord>,
        from start: Int,
        count: Int,
        _ bytes: inout Int
    ) -> Int {
        var next = start
        var dirtied: [Int] = []
        var newest = highWater
        partitions.withUnsafeMutableBufferPointer { partitions in
            while next < count {
                let slot = records.partitionIndexHint(at: next)
                guard slot < partitions.count, partitions[slot].generation != 0, partitions[slot].isEven,
                    records.isIdentical(to: partitions[slot].partition, at: next)
                else { break }
                let (end, runBytes) = records.scanRun(from: next, count: count)
                let wasClean = partitions[slot].committable.isNone
                guard partitions[slot].pass(end &- next, toOffsetOf: end &- 1, in: records) else { break }
                if wasClean { dirtied.append(slot) }
                newest = max(newest, partitions[slot].issued)
                bytes &+= runBytes
                next = end
            }
        }
        highWater = newest
        dirtySlots += dirtied
        return next
    }

    private mutating func passRun(
        _ records: UnsafePointer<ConnectorRecord>,
        from start: Int,
        count: Int,
        _ bytes: inout Int
    ) -> Int {
        let (end, runBytes) = records.scanRun(from: start, count: count)
        let unitEnd = records.lastUnitEnd(from: start, to: end)
        bytes += runBytes
        let slot = slot(for: records.partition(at: start))
        let number = issue(slot, end - start, endsUnit: unitEnd == end - 1)
        partitions[slot].delivered += end - start
        var position = LedgerPosition.none
        if let unitEnd, let offset = records.offset(at: unitEnd) {
            position = LedgerPosition(offset: offset, sequence: number + UInt64(unitEnd - start))
        }
        settle(
            slot,
            partitions[slot].generation,
            first: number,
            last: number + UInt64(end - start - 1),
            end: position
        )
        return end
    }

    /// Numbers and settles records of one partition that were delivered in order, the last of which ends a unit.
    mutating func settleRun(of partition: RecordPartition, _ sums: TurnLease.Sums) {
        guard sums.records > 0 else { return }
        let slot = slot(for: partition)
        let first = issue(slot, sums.records, endsUnit: true)
        let last = first + UInt64(sums.records - 1)
        partitions[slot].delivered += sums.records
        counts.polled += sums.records
        counts.delivered += sums.records
        counts.deliveredBytes += sums.bytes
        uncommittedBytes += sums.bytes
        settle(
            slot,
            partitions[slot].generation,
            first: first,
            last: last,
            end: LedgerPosition(offset: sums.end, sequence: last)
        )
    }
}
