// SPDX-License-Identifier: Apache-2.0

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
    /// What it holds; known once it is accepted.
    var charge = Charge()

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
