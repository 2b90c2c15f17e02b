// SPDX-License-Identifier: Apache-2.0

/// What one call of `poll` may return.
public struct PollRequest: Sendable {
    /// The most records to return, at least 1. A unit is not cut for it: the rest of the unit comes with later polls.
    public var maxRecords: Int
    /// The most bytes to return. One record that alone is larger is returned alone.
    public var maxBytes: Int
    /// Partitions whose records cannot be delivered at present. A source that can leaves them out.
    public var heldBack: [RecordPartition]

    /// A request for records.
    public init(maxRecords: Int, maxBytes: Int = .max, heldBack: [RecordPartition] = []) {
        self.maxRecords = maxRecords
        self.maxBytes = maxBytes
        self.heldBack = heldBack
    }
}
