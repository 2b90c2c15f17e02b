// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// Which lane a record belongs to, by the partition that it was polled from and, where lanes go by key, its key.
struct LaneID: Sendable, Hashable {
    let partition: RecordPartition
    let key: SharedBytes?

    init(partition: RecordPartition, key: SharedBytes?) {
        self.partition = partition
        self.key = key
    }

    init(_ item: Item, _ order: LaneOrder) {
        self.init(partition: item.record.partition, key: order.usesKeys ? item.record.key?.bytes : nil)
    }
}
