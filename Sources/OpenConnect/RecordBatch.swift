// SPDX-License-Identifier: Apache-2.0

/// Records that travel to a sink together.
public struct RecordBatch: Sendable {
    /// The records, in the order in which they have to be applied within each lane.
    public let records: [ConnectorRecord]

    /// A batch of records.
    @inlinable
    public init(_ records: [ConnectorRecord]) {
        self.records = records
    }

    /// The lane of the record at an index: records of one lane keep their order among themselves.
    @inlinable
    public func lane(at index: Int) -> RecordLane {
        RecordLane(partition: records[index].partition)
    }
}

extension RecordBatch: RandomAccessCollection {
    /// The first index.
    @inlinable public var startIndex: Int { 0 }
    /// How many records there are.
    @inlinable public var endIndex: Int { records.count }
    /// The record at an index.
    @inlinable public subscript(position: Int) -> ConnectorRecord { records[position] }
}

/// Names a lane: the records of one partition.
public struct RecordLane: Sendable, Hashable {
    /// The partition that the records of the lane come from.
    public let partition: RecordPartition

    /// The lane of a partition.
    @inlinable
    public init(partition: RecordPartition) {
        self.partition = partition
    }
}
