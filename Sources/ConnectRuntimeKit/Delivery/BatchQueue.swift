// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// A batch on its way to the sink.
struct DeliveryBatch: Sendable {
    var records: [ConnectorRecord]
    var ticket: Ticket
    /// What a position-keeping sink advances with this batch.
    var steps: [PositionAdvance.Step] = []
    /// Whether the put is to be timed.
    var isTimed = false
    /// Records and bytes of whole buffers that the batch is charged with.
    var chargedRecords = 0
    var charge = 0
    /// How many partitions had been lost when it was queued: with more of them its records have to be looked at again.
    var lostPartitions = 0
    /// Nothing is expected from the source for a while after this batch.
    var isFollowedByQuiet = false
}

/// The bounded channel between the source's task and the sink's: arrays travel by reference, small ones are gathered.
struct BatchQueue {
    private var batches: [DeliveryBatch] = []
    private var head = 0
    private(set) var records = 0
    private(set) var bytes = 0

    private static let smallBatch = 64

    var isEmpty: Bool { head == batches.count }

    /// Adds a batch. Its charge covers whole buffers, each of them once; two batches cut from one buffer are both
    /// charged with it, because either of them keeps it in memory.
    mutating func append(_ batch: DeliveryBatch, gatheringUpTo limit: Int) {
        var batch = batch
        batch.charge = charge(of: batch.records)
        batch.chargedRecords = batch.records.count
        records += batch.records.count
        bytes += batch.charge
        let last = batches.count - 1
        guard !isEmpty, batches[last].lostPartitions == batch.lostPartitions,
            min(batch.records.count, batches[last].records.count) <= Self.smallBatch,
            batch.records.count + batches[last].records.count <= limit
        else {
            batches.append(batch)
            return
        }
        batches[last].records.append(contentsOf: batch.records)
        batches[last].ticket.append(contentsOf: batch.ticket)
        batches[last].charge += batch.charge
        batches[last].chargedRecords += batch.chargedRecords
        batches[last].isFollowedByQuiet = batch.isFollowedByQuiet
    }

    /// Takes the oldest batch; it stays charged until it is released.
    mutating func popFirst() -> DeliveryBatch? {
        guard head < batches.count else { return nil }
        let batch = batches[head]
        batches[head] = DeliveryBatch(records: [], ticket: Ticket())
        head += 1
        if head == batches.count {
            batches.removeAll(keepingCapacity: true)
            head = 0
        }
        return batch
    }

    mutating func release(_ batch: DeliveryBatch) {
        records -= batch.chargedRecords
        bytes -= batch.charge
    }

    private func charge(of records: [ConnectorRecord]) -> Int {
        var bytes = 0
        var newestBuffer: ObjectIdentifier?
        for record in records {
            let buffer = record.heldBytes.bufferIdentity
            guard buffer != newestBuffer else { continue }
            newestBuffer = buffer
            bytes += record.heldBytes.retainedCapacity
        }
        return bytes
    }
}
