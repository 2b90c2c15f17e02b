// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// A polled batch after the functions: what each sink has to take of it, and what is settled or lost for good already.
struct StagedShipment: Sendable {
    /// What one sink has to take.
    struct Part: Sendable {
        let sink: Int
        var records: [ConnectorRecord]
        var origins: [Parcel.Origin]?

        mutating func add(_ record: ConnectorRecord, _ origin: Parcel.Origin) {
            records.append(record)
            origins?.append(origin)
        }

        /// Takes note that a unit is over, the last record of which did not get here.
        mutating func endUnit(of partition: RecordPartition, in polled: [ConnectorRecord]) {
            let newest = origins?.lastIndex { polled[Int($0.index)].partition == partition }
            if let newest { origins?[newest].endsUnit = true }
        }

        /// What comes of the records before an index.
        func prefix(beforeIndex end: Int) -> Part {
            let count = origins?.firstIndex { $0.index >= end } ?? records.count
            return Part(sink: sink, records: Array(records[..<count]), origins: origins.map { Array($0[..<count]) })
        }
    }

    /// A record that did not get as far as the sinks.
    struct Failure: Sendable {
        let index: Int
        let stage: DeadLetter.Stage
        let error: ConnectorError
        var attempts = 1
    }

    static let empty = StagedShipment(SourceBatch(), sinks: 0..<0)

    var polled: [ConnectorRecord]
    var progress: [RecordPosition] = []
    var parts: [Part] = []
    /// The records that a function filtered out.
    var filtered: [Int] = []
    var failures: [Failure] = []
    var isFollowedByQuiet = false
    var ticket = Ticket()
    /// When it was polled, where somebody is interested.
    var polledAt: ConnectorClock.Instant?
    /// What it holds; known once it is accepted.
    var charge = Charge()
    /// The bytes of what functions made of each record, for all sinks together; empty where they changed nothing.
    var made: [Int] = []

    /// All of a batch, unchanged, for each sink.
    init(_ batch: SourceBatch, sinks: Range<Int>) {
        polled = batch.records
        progress = batch.progress
        isFollowedByQuiet = batch.quiet != nil
        parts = sinks.map { Part(sink: $0, records: batch.records) }
    }

    /// A batch of which functions made something else.
    init(polled: [ConnectorRecord], of batch: SourceBatch) {
        self.polled = polled
        progress = batch.progress
        isFollowedByQuiet = batch.quiet != nil
    }
}

extension StagedShipment {
    /// Sums up what it holds in memory: the buffers of what was polled, and those that functions made.
    mutating func chargeAll() {
        charge = Charge(of: polled)
        guard parts.contains(where: { $0.origins != nil }) else { return }
        made = Array(repeating: 0, count: polled.count)
        var seen: Set<ObjectIdentifier> = []
        for part in parts {
            guard let origins = part.origins else { continue }
            part.records.withUnsafeBufferPointer { records in
                guard let base = records.baseAddress else { return }
                for place in records.indices { chargeMade(base + place, from: Int(origins[place].index), &seen) }
            }
        }
    }

    /// Adds what a function made of a polled record, where it holds other memory than that.
    private mutating func chargeMade(
        _ record: UnsafePointer<ConnectorRecord>,
        from index: Int,
        _ seen: inout Set<ObjectIdentifier>
    ) {
        let count = record.heldCount(at: 0)
        made[index] += count
        let (buffer, polledBuffer) = polled.withUnsafeBufferPointer { polled in
            (record.buffer(at: 0), polled.baseAddress?.buffer(at: index))
        }
        if let buffer, buffer != polledBuffer, seen.insert(buffer).inserted {
            charge.bytes += record.pointee.heldBytes.retainedCapacity
        }
        guard record.isStructured(at: 0) else { return }
        let value = record.pointee.heldValueIdentity
        if let value, value != polled[index].heldValueIdentity, seen.insert(value).inserted { charge.bytes += count }
    }
}
