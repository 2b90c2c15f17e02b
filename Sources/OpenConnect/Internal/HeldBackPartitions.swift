// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The partitions that are held back at any moment of a poll.
package final class HeldBackPartitions: Sendable {
    private let partitions: Mutex<[RecordPartition]>

    package init(_ partitions: [RecordPartition]) {
        self.partitions = Mutex(partitions)
    }

    package var current: [RecordPartition] {
        get { partitions.withLock(\.self) }
        set { partitions.withLock { $0 = newValue } }
    }
}
