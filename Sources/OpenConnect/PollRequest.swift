// SPDX-License-Identifier: Apache-2.0

/// What one call of `poll` may return.
public struct PollRequest: Sendable {
    /// The most records to return, at least 1. A unit is not cut for it: the rest of the unit comes with later polls.
    public var maxRecords: Int
    /// The most bytes to return. One record that alone is larger is returned alone.
    public var maxBytes: Int
    private let holds: HeldBackPartitions?

    /// A request for records.
    public init(maxRecords: Int, maxBytes: Int = .max, heldBack: [RecordPartition] = []) {
        self.init(
            maxRecords: maxRecords,
            maxBytes: maxBytes,
            holds: heldBack.isEmpty ? nil : HeldBackPartitions(heldBack)
        )
    }

    /// A request with partitions that are held back now, and may be so no longer while the poll runs.
    package init(maxRecords: Int, maxBytes: Int, holds: HeldBackPartitions?) {
        self.maxRecords = maxRecords
        self.maxBytes = maxBytes
        self.holds = holds
    }

    /// Partitions whose records cannot be delivered at this moment. A source that can leaves them out.
    ///
    /// While the poll is suspended a ``HoldObserving`` source is told when others are.
    public var heldBack: [RecordPartition] { holds?.current ?? [] }
}
