// SPDX-License-Identifier: Apache-2.0

import CRdKafka
import ConnectTestKit
import MockKafka
import Testing

@testable import KafkaConnector

/// A message as somebody sees it who uses librdkafka and nothing of this package.
struct PlainMessage: Hashable {
    var key: String?
    var value: String?
    var headers: [String: String] = [:]
    var partition: Int32 = 0
}

/// Writes and reads topics with librdkafka itself.
struct PlainClient: Sendable {
    let brokers: [String]

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Sends messages, in order, and waits until they are reported.
    func send(_ messages: [PlainMessage], to topic: String) async throws {
        try await offCallingThread { Result { try sendNow(messages, to: topic) } }.get()
    }

    func send(_ values: [String], to topic: String, partition: Int32 = 0) async throws {
        try await send(values.map { PlainMessage(value: $0, partition: partition) }, to: topic)
    }

    /// All messages of a topic, each partition's in order.
    func messages(of topic: String, partitions: Int) async throws -> [PlainMessage] {
        try await offCallingThread { Result { try readNow(topic, partitions) } }.get()
    }

    func values(of topic: String, partitions: Int = 1) async throws -> [String] {
        try await messages(of: topic, partitions: partitions).map { $0.value ?? "nothing" }
    }

    /// Waits until a group has committed an offset in each partition of a topic.
    func waitForCommit(of offset: Int64, topic: String, partitions: Int, group: String) async throws {
        for _ in 0..<6000 {
            let found = await offCallingThread { committedNow(topic, partitions, group) }
            if found.allSatisfy({ $0 >= offset }) { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw Failure(description: "'\(group)' has not committed \(offset)")
    }

    private func committedNow(_ topic: String, _ partitions: Int, _ group: String) -> [Int64] {
        let conf = configuration(["group.id": group])
        guard let handle = rd_kafka_new(RD_KAFKA_CONSUMER, conf, nil, 0) else { return [-1] }
        defer { rd_kafka_destroy(handle) }
        let list = rd_kafka_topic_partition_list_new(Int32(partitions))
        defer { rd_kafka_topic_partition_list_destroy(list) }
        for number in 0..<partitions { rd_kafka_topic_partition_list_add(list, topic, Int32(number)) }
        guard rd_kafka_committed(handle, list, 10_000) == RD_KAFKA_RESP_ERR_NO_ERROR, let list else { return [-1] }
        return (0..<partitions).map { list.pointee.elems[$0].offset }
    }

    private func configuration(_ more: [String: String]) -> OpaquePointer? {
        let conf = rd_kafka_conf_new()
        let all = ["bootstrap.servers": brokers.joined(separator: ","), "log.connection.close": "false"]
        for (name, value) in all.merging(more, uniquingKeysWith: { $1 }) {
            rd_kafka_conf_set(conf, name, value, nil, 0)
        }
        return conf
    }

    private func sendNow(_ messages: [PlainMessage], to topic: String) throws {
        let conf = configuration(["enable.idempotence": "true", "linger.ms": "0"])
        guard let handle = rd_kafka_new(RD_KAFKA_PRODUCER, conf, nil, 0) else {
            throw Failure(description: "no producer")
        }
        defer { rd_kafka_destroy(handle) }
        let target = rd_kafka_topic_new(handle, topic, nil)
        defer { rd_kafka_topic_destroy(target) }
        for message in messages {
            let headers = rd_kafka_headers_new(message.headers.count)
            for (name, value) in message.headers {
                rd_kafka_header_add(headers, name, -1, Array(value.utf8), value.utf8.count)
            }
            var value = message.value.map { Array($0.utf8) }
            let key = message.key.map { Array($0.utf8) }
            var parts = [rd_kafka_vu_t](repeating: rd_kafka_vu_t(), count: 6)
            let isEmpty = value?.isEmpty == true
            if isEmpty { value = [0] }
            value.withUnsafeMutableBytesOrNil { bytes in
                key.withUnsafeBytesOrNil { key in
                    parts[0].vtype = RD_KAFKA_VTYPE_RKT
                    parts[0].u.rkt = target
                    parts[1].vtype = RD_KAFKA_VTYPE_MSGFLAGS
                    parts[1].u.i = RD_KAFKA_MSG_F_COPY | RD_KAFKA_MSG_F_BLOCK
                    parts[2].vtype = RD_KAFKA_VTYPE_VALUE
                    parts[2].u.mem.ptr = bytes
                    parts[2].u.mem.size = isEmpty ? 0 : message.value?.utf8.count ?? 0
                    parts[3].vtype = RD_KAFKA_VTYPE_KEY
                    parts[3].u.mem.ptr = UnsafeMutableRawPointer(mutating: key)
                    parts[3].u.mem.size = message.key?.utf8.count ?? 0
                    parts[4].vtype = RD_KAFKA_VTYPE_PARTITION
                    parts[4].u.i32 = message.partition
                    parts[5].vtype = RD_KAFKA_VTYPE_HEADERS
                    parts[5].u.headers = headers
                    if let error = rd_kafka_produceva(handle, parts, parts.count) { rd_kafka_error_destroy(error) }
                }
            }
        }
        guard rd_kafka_flush(handle, 60_000) == RD_KAFKA_RESP_ERR_NO_ERROR else {
            throw Failure(description: "the messages were not sent")
        }
    }

    private func readNow(_ topic: String, _ partitions: Int) throws -> [PlainMessage] {
        let conf = configuration([
            "group.id": "plain-\(UInt64.random(in: 0 ... .max))", "enable.partition.eof": "true",
            "enable.auto.commit": "false", "auto.offset.reset": "earliest",
        ])
        guard let handle = rd_kafka_new(RD_KAFKA_CONSUMER, conf, nil, 0) else {
            throw Failure(description: "no consumer")
        }
        defer {
            rd_kafka_consumer_close(handle)
            rd_kafka_destroy(handle)
        }
        rd_kafka_poll_set_consumer(handle)
        let list = rd_kafka_topic_partition_list_new(Int32(partitions))
        defer { rd_kafka_topic_partition_list_destroy(list) }
        for number in 0..<partitions {
            rd_kafka_topic_partition_list_add(list, topic, Int32(number)).pointee.offset = Int64(
                RD_KAFKA_OFFSET_BEGINNING
            )
        }
        rd_kafka_assign(handle, list)
        var found: [PlainMessage] = []
        var ended: Set<Int32> = []
        for _ in 0..<10_000_000 {
            if ended.count >= partitions { break }
            guard let message = rd_kafka_consumer_poll(handle, 60_000) else { break }
            defer { rd_kafka_message_destroy(message) }
            switch message.pointee.err {
            case RD_KAFKA_RESP_ERR_NO_ERROR: found.append(Self.plain(message))
            case RD_KAFKA_RESP_ERR__PARTITION_EOF: ended.insert(message.pointee.partition)
            default: continue
            }
        }
        guard ended.count == partitions else { throw Failure(description: "'\(topic)' was not read to its end") }
        return found
    }

    private static func plain(_ message: UnsafeMutablePointer<rd_kafka_message_t>) -> PlainMessage {
        func text(_ start: UnsafeMutableRawPointer?, _ count: Int) -> String? {
            start.map { String(decoding: UnsafeRawBufferPointer(start: $0, count: count), as: UTF8.self) }
        }
        var plain = PlainMessage(
            key: text(message.pointee.key, message.pointee.key_len),
            value: text(message.pointee.payload, message.pointee.len),
            partition: message.pointee.partition
        )
        var list: OpaquePointer?
        guard rd_kafka_message_headers(message, &list) == RD_KAFKA_RESP_ERR_NO_ERROR else { return plain }
        for index in 0..<rd_kafka_header_cnt(list) {
            var name: UnsafePointer<CChar>?
            var value: UnsafeRawPointer?
            var size = 0
            rd_kafka_header_get_all(list, index, &name, &value, &size)
            guard let name else { continue }
            plain.headers[String(cString: name)] = text(UnsafeMutableRawPointer(mutating: value), size) ?? ""
        }
        return plain
    }
}

extension [UInt8]? {
    fileprivate mutating func withUnsafeMutableBytesOrNil(_ body: (UnsafeMutableRawPointer?) -> Void) {
        guard var bytes = self else { return body(nil) }
        bytes.withUnsafeMutableBytes { body($0.baseAddress) }
    }

    fileprivate func withUnsafeBytesOrNil(_ body: (UnsafeRawPointer?) -> Void) {
        guard let self else { return body(nil) }
        self.withUnsafeBytes { body($0.baseAddress) }
    }
}
