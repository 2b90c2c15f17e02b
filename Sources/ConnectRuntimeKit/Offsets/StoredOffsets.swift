// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// The positions that an offset store keeps for a pipeline.
public struct StoredOffsets: Sendable, Hashable {
    /// One for each partition that has any, in the order of the partitions' names.
    public let positions: [StoredPosition]
    /// Whether these are the store's copy of what a sink keeps with its data: the sink's are the ones that count, and may be
    /// ahead. They can only be changed there.
    public let isCopy: Bool

    /// The offset of a partition, or `nil` where there is none.
    public subscript(partition: RecordPartition) -> RecordOffset? {
        positions.first { $0.position.partition == partition }?.position.offset
    }
}
