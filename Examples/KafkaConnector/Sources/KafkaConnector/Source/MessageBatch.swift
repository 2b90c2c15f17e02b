// SPDX-License-Identifier: Apache-2.0

import CRdKafka
import CloudEventsCodec
import OpenConnect

/// Makes records of messages.
struct MessageBatch {
    typealias Message = UnsafeMutablePointer<rd_kafka_message_t>

    let format: MessageFormat
    private(set) var batch = SourceBatch()
    private(set) var room: Int
    private var byteRoom: Int
    /// Whether no further message fits in.
    private(set) var isFull = false
    /// What a partition said in place of a message.
    private(set) var failure: ConnectorError?

    init(_ request: PollRequest, format: MessageFormat) {
        self.format = format
        room = request.maxRecords
        byteRoom = request.maxBytes
    }

    var isEmpty: Bool { batch.records.isEmpty && batch.rejected.isEmpty }

    /// Adds the messages of a partition and destroys them.
    ///
    /// - Returns: how many fit in; the others are still the caller's.
    mutating func add(_ messages: [Message], of partition: RecordPartition) -> Int {
        var fitting = 0
        var size = 0
        while fitting < messages.count, room > fitting {
            let count = Self.size(of: messages[fitting].pointee)
            guard count <= byteRoom - size || (isEmpty && fitting == 0) else { break }
            size += count
            fitting += 1
        }
        isFull = fitting < messages.count || room <= fitting || byteRoom <= size
        let taken = messages.prefix(fitting)
        defer { for message in taken { rd_kafka_message_destroy(message) } }
        let values = Self.values(of: taken, size)
        for (message, value) in zip(taken, values) {
            if message.pointee.err.isNone {
                add(message, value, partition)
            } else {
                failure = failure ?? Self.failure(message.pointee, partition)
            }
        }
        room -= fitting
        byteRoom -= min(byteRoom, size)
        return fitting
    }

    private static func size(of message: rd_kafka_message_t) -> Int { message.err.isNone ? message.len : 0 }

    /// The values, copied into one buffer.
    private static func values(of messages: ArraySlice<Message>, _ size: Int) -> [SharedBytes] {
        let bytes = SharedBytes(unsafeUninitializedCapacity: size) { buffer in
            let target = UnsafeMutableRawBufferPointer(buffer)
            var end = 0
            for message in messages where Self.size(of: message.pointee) > 0 {
                let value = UnsafeRawBufferPointer(start: message.pointee.payload, count: message.pointee.len)
                UnsafeMutableRawBufferPointer(rebasing: target[end...]).copyMemory(from: value)
                end += value.count
            }
            return end
        }
        var start = 0
        return messages.map { message in
            defer { start += Self.size(of: message.pointee) }
            return bytes.slice(start..<(start + Self.size(of: message.pointee)))
        }
    }

    private mutating func add(_ message: Message, _ value: SharedBytes, _ partition: RecordPartition) {
        let offset = RecordOffset(message.pointee.offset)
        do {
            var record = try format.decode(
                EncodedRecord(
                    value,
                    key: message.pointee.key.map {
                        SharedBytes(copying: UnsafeRawBufferPointer(start: $0, count: message.pointee.key_len))
                    },
                    headers: Self.headers(of: message),
                    isAbsent: message.pointee.payload == nil
                )
            )
            record.partition = partition
            record.offset = offset
            let milliseconds = rd_kafka_message_timestamp(message, nil)
            record.timestamp = milliseconds > 0 ? try RecordTimestamp(upstreamMilliseconds: milliseconds) : nil
            batch.records.append(record)
        } catch {
            let position = RecordPosition(partition: partition, offset: offset)
            let reason = error as? ConnectorError ?? ConnectorError(.invalidRecord, "\(error)")
            batch.rejected.append(
                RejectedInput(at: batch.records.count, position: position, error: reason, bytes: value)
            )
        }
    }

    private static func headers(of message: Message) -> [RecordHeader] {
        var list: OpaquePointer?
        guard rd_kafka_message_headers(message, &list).isNone, let list else { return [] }
        return (0..<rd_kafka_header_cnt(list)).compactMap { index in
            var name: UnsafePointer<CChar>?
            var value: UnsafeRawPointer?
            var size = 0
            guard rd_kafka_header_get_all(list, index, &name, &value, &size).isNone, let name else { return nil }
            return RecordHeader(
                String(cString: name),
                SharedBytes(copying: UnsafeRawBufferPointer(start: value, count: value == nil ? 0 : size))
            )
        }
    }

    private static func failure(_ message: rd_kafka_message_t, _ partition: RecordPartition) -> ConnectorError {
        let detail = message.payload.map {
            String(decoding: UnsafeRawBufferPointer(start: $0, count: message.len), as: UTF8.self)
        }
        return KafkaFailure(message.err).error("\(partition) cannot be read", detail: detail)
    }
}
