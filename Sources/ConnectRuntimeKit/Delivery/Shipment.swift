// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// A polled batch on its way to the sinks: what of it is still out, until all of it is settled.
///
/// While nothing goes wrong it is settled as a whole, and knows no single record. As soon as a part of it fails it is
/// taken apart, so that what is settled can be committed and what is not holds back its lane only.
struct Shipment: Sendable {
    /// A parcel of which nothing is known yet.
    struct OpenParcel: Sendable {
        let sink: Int
        let first: Int
        let count: Int
        let origins: [Parcel.Origin]?
    }

    /// The state of single records.
    struct Detail: Sendable {
        /// For each polled record, how many of its parts are out.
        var rest: [Int32]
        /// For each polled record, how many parts it has.
        let parts: [Int32]
        /// The bytes of each polled record's data, which may have been let go of when it is settled.
        let polledBytes: [Int]
        /// What became of those that are in.
        var outcomes: [RecordOutcome]
        var errors: [Int: ConnectorError] = [:]
        /// Those of which a part was given up.
        var givenUp: Set<Int> = []
        /// Those whose partition was taken away.
        var lost: Set<Int> = []
        /// Whether it has let go of what is not needed any more.
        var isShrunk = false
        /// How many records are not settled.
        var open: Int
        /// See ``Shipment/starts``.
        let starts: [Int]
    }

    /// The records as they were polled.
    var polled: [ConnectorRecord]
    let ticket: Ticket
    var openParcels: [OpenParcel] = []
    /// The records of which functions left nothing.
    var filtered: [Int] = []
    var charge = Charge()
    /// When it was polled, where somebody is interested.
    var polledAt: ConnectorClock.Instant?
    var isFollowedByQuiet = false
    /// The bytes of what functions made of each record; empty where they changed nothing.
    var made: [Int] = []
    /// Whether the sinks are given the polled records themselves.
    var isUnchanged = true
    var detail: Detail?

    init(polled: [ConnectorRecord], ticket: Ticket) {
        self.polled = polled
        self.ticket = ticket
    }

    /// Whether some of it gets to no sink.
    var settlesWithoutSinks: Bool { !filtered.isEmpty || !marks.isEmpty }

    /// Notes each record by itself.
    func takenApart() -> Detail {
        var rest = [Int32](repeating: 0, count: polled.count)
        for parcel in openParcels {
            for index in 0..<parcel.count {
                rest[parcel.origins.map { Int($0[index].index) } ?? parcel.first + index] += 1
            }
        }
        var outcomes = [RecordOutcome](repeating: .delivered, count: polled.count)
        for index in filtered { outcomes[index] = .filtered }
        return Detail(
            rest: rest,
            parts: rest,
            polledBytes: polled.map(\.heldCount),
            outcomes: outcomes,
            open: polled.count,
            starts: starts
        )
    }

    /// At which record each part of the ticket begins.
    var starts: [Int] {
        var starts: [Int] = []
        var next = 0
        ticket.forEachPart { part in
            starts.append(next)
            next += part.recordCount
        }
        return starts
    }
}

/// What is counted against the limits of what may be in flight: records, and the bytes of whole buffers.
struct Charge: Sendable {
    var records = 0
    var bytes = 0

    init() {}

    /// What records hold; each buffer is counted once, structured values by themselves.
    init(of records: [ConnectorRecord]) {
        self.records = records.count
        records.withUnsafeBufferPointer { records in
            guard let base = records.baseAddress else { return }
            var newest: ObjectIdentifier?
            for index in records.indices {
                if base.isStructured(at: index) { bytes += base.heldCount(at: index) }
                let buffer = base.buffer(at: index)
                guard buffer != newest else { continue }
                newest = buffer
                bytes += records[index].heldBytes.retainedCapacity
            }
        }
    }

    static func += (left: inout Charge, right: Charge) {
        left.records += right.records
        left.bytes += right.bytes
    }

    static func -= (left: inout Charge, right: Charge) {
        left.records -= right.records
        left.bytes -= right.bytes
    }
}
