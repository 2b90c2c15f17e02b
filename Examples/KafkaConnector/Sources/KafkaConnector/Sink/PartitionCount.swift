// SPDX-License-Identifier: Apache-2.0

import CRdKafka
import Synchronization

/// Chooses the partition of a message: by the key as the clients in Java do, otherwise by the lane.
///
/// librdkafka asks for it and says how many partitions there are. That is noted, so that it need not ask for each message.
final class PartitionCount: Sendable {
    private let newest = Atomic<Int32>(0)

    /// Has librdkafka ask this object, which has to live as long as the producer.
    func choosePartitions(_ conf: OpaquePointer?) {
        let topics = rd_kafka_conf_get_default_topic_conf(conf)
        rd_kafka_topic_conf_set_opaque(topics, Unmanaged.passUnretained(self).toOpaque())
        rd_kafka_topic_conf_set_partitioner_cb(topics) { topic, key, size, count, object, message in
            guard key == nil, let slot = PutReports.Slot.at(message), let object else {
                return rd_kafka_msg_partitioner_murmur2(topic, key, size, count, nil, nil)
            }
            let partitions = Unmanaged<PartitionCount>.fromOpaque(object).takeUnretainedValue()
            partitions.newest.store(count, ordering: .relaxed)
            return Int32(slot.pointee.lane % UInt32(max(1, count)))
        }
    }

    /// The partition for messages of a lane without a key, or `RD_KAFKA_PARTITION_UA` where librdkafka has to ask.
    func partition(ofLane lane: UInt32) -> Int32 {
        let count = newest.load(ordering: .relaxed)
        return count > 0 ? Int32(lane % UInt32(count)) : RD_KAFKA_PARTITION_UA
    }
}
