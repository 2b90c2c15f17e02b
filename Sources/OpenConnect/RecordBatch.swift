// SPDX-License-Identifier: Apache-2.0

public import CloudEventsCodec

/// Records that travel to a sink together.
public struct RecordBatch: Sendable {
    /// The records, in the order in which they have to be applied within each lane.
    public let records: [ConnectorRecord]

    /// Whether records of one partition with different keys are lanes of their own.
    public let lanesByKey: Bool

    /// A batch of records.
    @inlinable
    public init(_ records: [ConnectorRecord], lanesByKey: Bool = false) {
        self.records = records
        self.lanesByKey = lanesByKey
    }

    /// The lane of the record at an index: records of one lane keep their order among themselves.
    public func lane(at index: Int) -> RecordLane {
        RecordLane(partition: records[index].partition, key: lanesByKey ? records[index].key?.bytes : nil)
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

/// Names a lane: the records of one partition, or of one partition and key.
public struct RecordLane: Sendable, Hashable {
    /// The partition that the records of the lane come from.
    public let partition: RecordPartition
    /// The key that they have in common, where lanes go by key; `nil` also for those that have none.
    public let key: SharedBytes?

    /// The lane of a partition, or of a key in it.
    public init(partition: RecordPartition, key: SharedBytes? = nil) {
        self.partition = partition
        self.key = key
    }
}
