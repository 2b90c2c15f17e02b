// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// Which lane a record belongs to, by the partition that it was polled from and, where lanes go by key, its key.
struct LaneID: Sendable, Hashable, Comparable {
    let partition: RecordPartition
    let key: SharedBytes?

    init(partition: RecordPartition, key: SharedBytes?) {
        self.partition = partition
        self.key = key
    }

    init(_ item: Item, _ order: LaneOrder) {
        self.init(partition: item.record.partition, key: order.usesKeys ? item.record.key?.bytes : nil)
    }

    /// An order that is the same in each run, which hashing is not.
    static func < (left: LaneID, right: LaneID) -> Bool {
        guard left.partition == right.partition else { return left.partition < right.partition }
        guard let key = left.key, let other = right.key else { return left.key == nil && right.key != nil }
        return key.lexicographicallyPrecedes(other)
    }
}

extension RecordPartition {
    /// The order of their names, byte by byte.
    static func < (left: RecordPartition, right: RecordPartition) -> Bool {
        left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
    }
}
