// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// What one put of a sink has to do.
struct PutJob: Sendable {
    var records: [ConnectorRecord]
    /// The parcels that the records came in, or the items they were taken apart into.
    var parcels: [Parcel] = []
    var items: [Item] = []
    /// Items of the same lanes that have to wait for the outcome of this put.
    var rest: [Item] = []
    /// The lanes that this put keeps for itself.
    var lanes: Set<LaneID> = []
    /// Whether a group that was held back is tried again.
    var isRepeated = false
    /// At most so many items were taken of a group that holds a bad record.
    var limit: Int?
    /// What a position-keeping sink advances.
    var steps: [PositionAdvance.Step] = []
    var isTimed = false
    /// Which put of its sink it is, where it came through the queue.
    var number: UInt64 = 0

    /// The records one by one, in their order.
    var allItems: [Item] { parcels.isEmpty ? items : parcels.flatMap(\.items) }
}

/// A put that failed and is made again.
struct PutRetry: Sendable {
    let error: ConnectorError
    let attempt: Int
    let delay: Duration
}

/// What became of a put.
struct PutReport: Sendable {
    enum Result: Sendable {
        case delivered
        /// Every record that is not listed was delivered.
        case verdicts([PutResult.Entry])
        case failed(ConnectorError)
    }

    var result: Result
    /// The sink's place after the put.
    var checkpoint: SinkCheckpoint?
    /// How long the put took; negative where it was not timed.
    var nanoseconds: Int64 = -1
}
