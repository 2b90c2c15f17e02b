// SPDX-License-Identifier: Apache-2.0

import CRdKafka
import OpenConnect

/// The messages of an assigned partition that librdkafka has fetched, apart from those of others.
///
/// So a partition that is held back is simply not read: its messages wait, librdkafka stops fetching when they are many,
/// and others go on.
final class PartitionQueue {
    typealias Message = UnsafeMutablePointer<rd_kafka_message_t>

    let record: RecordPartition
    private let queue: OpaquePointer?
    /// Messages that were taken out and found no room in their batch; the oldest comes last.
    private var leftover: [Message] = []

    /// - Parameter bell: rung where messages come to the empty queue.
    init(_ partition: TopicPartition, of consumer: OpaquePointer, bell: Doorbell) {
        record = RecordPartition(partition.description)
        queue = rd_kafka_queue_get_partition(consumer, partition.topic, partition.number)
        rd_kafka_queue_forward(queue, nil)
        bell.ring(by: queue)
    }

    /// Takes out messages, the caller's to destroy.
    func take(_ count: Int) -> [Message] {
        guard leftover.isEmpty else {
            let taken = Array(leftover.suffix(count).reversed())
            leftover.removeLast(taken.count)
            return taken
        }
        let taken = withUnsafeTemporaryAllocation(of: Message?.self, capacity: count) { buffer -> [Message] in
            let number = rd_kafka_consume_batch_queue(queue, 0, buffer.baseAddress, count)
            return (0..<max(0, number)).compactMap { buffer[$0] }
        }
        return taken
    }

    /// Puts messages back that were taken last.
    func giveBack(_ messages: some BidirectionalCollection<Message>) {
        leftover.append(contentsOf: messages.reversed())
    }

    /// Lets go of the messages and of the queue.
    func close() {
        for message in leftover { rd_kafka_message_destroy(message) }
        leftover = []
        rd_kafka_queue_cb_event_enable(queue, nil, nil)
        rd_kafka_queue_destroy(queue)
    }
}
