// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// A reader of one partition at work.
final class PartitionReading: Sendable {
    let partition: RecordPartition
    let reader: any PartitionReader
    /// Rings when the reader may be polled again.
    let mayRead = Bell()
    /// Cancels a poll of a partition that is not listed any more.
    let close = StopSignal()
    /// The reader has stopped.
    let hasStopped = StopSignal()

    init(_ partition: RecordPartition, _ reader: any PartitionReader) {
        self.partition = partition
        self.reader = reader
    }
}
