// SPDX-License-Identifier: Apache-2.0

import CRdKafka
import OpenConnect

/// A partition of a topic.
struct TopicPartition: Hashable, Sendable, CustomStringConvertible {
    let topic: String
    let number: Int32

    /// `orders/3`: the name of the record partition. No topic has a slash in its name.
    var description: String { "\(topic)/\(number)" }
}

extension TopicPartition {
    /// The partition that a record partition's name stands for.
    init?(_ partition: RecordPartition) {
        let parts = partition.name.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let number = Int32(parts[1]) else { return nil }
        self.init(topic: String(parts[0]), number: number)
    }
}

/// A list of partitions with offsets, as librdkafka takes and gives it.
final class PartitionOffsets {
    typealias List = UnsafeMutablePointer<rd_kafka_topic_partition_list_t>

    let pointer: List?

    /// An offset of `nil` leaves it to the group, or to the settings.
    init(_ offsets: [TopicPartition: Int64?]) {
        pointer = rd_kafka_topic_partition_list_new(Int32(offsets.count))
        for (partition, offset) in offsets {
            let entry = rd_kafka_topic_partition_list_add(pointer, partition.topic, partition.number)
            if let offset { entry?.pointee.offset = offset }
        }
    }

    deinit { rd_kafka_topic_partition_list_destroy(pointer) }

    /// The partitions of a list that belongs to somebody else, each with its error.
    static func read(_ list: List?) -> [(partition: TopicPartition, code: rd_kafka_resp_err_t)] {
        guard let list = list?.pointee, let elements = list.elems else { return [] }
        return (0..<Int(list.cnt)).map { index in
            let entry = elements[index]
            let topic = entry.topic.map { String(cString: $0) } ?? ""
            return (TopicPartition(topic: topic, number: entry.partition), entry.err)
        }
    }
}
