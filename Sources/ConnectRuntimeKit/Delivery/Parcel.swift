// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Consecutive records of one shipment that one sink has to take.
struct Parcel: Sendable {
    /// Where a record comes from: the polled record, and which of the records that the functions made of it.
    struct Origin: Sendable {
        let index: Int32
        let part: Int32
        /// Whether it is the last record of its unit.
        var endsUnit: Bool
    }

    let shipment: Int
    var records: [ConnectorRecord]
    /// The index of the first record among those polled, where functions changed nothing.
    var first = 0
    /// Where functions made the records.
    var origins: [Origin]?
    /// Whether nothing was cut off.
    private(set) var isWhole = true

    init(shipment: Int, records: [ConnectorRecord], first: Int = 0, origins: [Origin]? = nil) {
        self.shipment = shipment
        self.records = records
        self.first = first
        self.origins = origins
    }

    func origin(at index: Int) -> Origin {
        origins?[index]
            ?? Origin(index: Int32(first + index), part: 0, endsUnit: records[index].hasOffset)
    }

    var items: [Item] {
        records.indices.map { Item(record: records[$0], shipment: shipment, origin: origin(at: $0)) }
    }

    /// Cuts off the records from an index on.
    mutating func cut(from index: Int) -> Parcel {
        var rest = Parcel(shipment: shipment, records: Array(records[index...]), first: first + index)
        if let origins {
            rest.origins = Array(origins[index...])
            self.origins = Array(origins[..<index])
        }
        records.removeSubrange(index...)
        isWhole = false
        rest.isWhole = false
        return rest
    }
}

/// One record on its way to one sink, where batches had to be taken apart.
struct Item: Sendable {
    var record: ConnectorRecord
    let shipment: Int
    let origin: Parcel.Origin
    /// How often it was tried and failed.
    var failures = 0
    /// When it failed for the first time.
    var firstFailure: ConnectorClock.Instant?
    /// The newest error.
    var error: ConnectorError?

    init(record: ConnectorRecord, shipment: Int, origin: Parcel.Origin) {
        self.record = record
        self.shipment = shipment
        self.origin = origin
    }

    mutating func noteFailure(_ error: ConnectorError?, at now: ConnectorClock.Instant) {
        failures += 1
        firstFailure = firstFailure ?? now
        self.error = error ?? self.error
    }
}
