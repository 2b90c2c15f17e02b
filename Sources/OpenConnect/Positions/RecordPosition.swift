// SPDX-License-Identifier: Apache-2.0

/// A place in a partition.
public struct RecordPosition: Sendable, Hashable, CustomStringConvertible {
    /// The partition.
    public var partition: RecordPartition
    /// The place in it.
    public var offset: RecordOffset

    /// A place in a partition.
    @inlinable
    public init(partition: RecordPartition = .single, offset: RecordOffset) {
        self.partition = partition
        self.offset = offset
    }

    /// Partition and offset in words.
    public var description: String { "offset \(offset) of \(partition)" }
}
