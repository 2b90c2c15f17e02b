// SPDX-License-Identifier: Apache-2.0

import CRdKafka
import CloudEventsCodec
import OpenConnect

/// Messages that librdkafka is given by one call, so that it looks at the clock and locks the topic once for all of them.
///
/// Values and the slots of their reports live in the put until they are reported. Keys are copied by librdkafka; they live
/// here until then.
final class MessageQueue {
    /// What became of messages that were handed over.
    struct Outcome {
        var taken = 0
        /// Those that are not taken for another reason than that there is no room.
        var refusals: [(index: Int, code: rd_kafka_resp_err_t)] = []
    }

    private static let capacity = 256
    private let messages: UnsafeMutableBufferPointer<rd_kafka_message_t>
    private var head = 0
    private var end = 0
    private var keys: [SharedBytes] = []

    init() {
        messages = .allocate(capacity: Self.capacity)
        messages.initialize(repeating: rd_kafka_message_t())
    }

    deinit {
        messages.deallocate()
    }

    var isEmpty: Bool { head == end }
    var isFull: Bool { end == Self.capacity }

    /// Adds a message without headers; there is room for it.
    ///
    /// - Parameters:
    ///   - value: `nil` for a tombstone; it has an address also where it is empty.
    ///   - partition: the partition of the topic where there is no key, or `RD_KAFKA_PARTITION_UA`.
    ///   - slot: what its report leads to.
    func append(
        _ value: UnsafeRawBufferPointer?,
        key: SharedBytes?,
        partition: Int32,
        slot: UnsafeMutableRawPointer
    ) {
        var message = rd_kafka_message_t()
        // The first of each call goes by the partitioner, which notes how many partitions the topic has by now.
        message.partition = isEmpty || key != nil ? RD_KAFKA_PARTITION_UA : partition
        message.payload = UnsafeMutableRawPointer(mutating: value?.baseAddress)
        message.len = value?.count ?? 0
        message._private = slot
        if let key {
            let bytes = key.unsafeBytes.addressed
            message.key = UnsafeMutableRawPointer(mutating: bytes.baseAddress)
            message.key_len = bytes.count
            keys.append(key)
        }
        messages[end] = message
        end += 1
    }

    /// Hands over what there is room for; the others stay.
    func send(to topic: OpaquePointer) -> Outcome {
        guard !isEmpty else { return Outcome() }
        let rest = UnsafeMutableBufferPointer(rebasing: messages[head..<end])
        let flags = RD_KAFKA_MSG_F_PARTITION
        let count = Int32(rest.count)
        let taken = Int(rd_kafka_produce_batch(topic, RD_KAFKA_PARTITION_UA, flags, rest.baseAddress, count))
        guard taken < rest.count else {
            clear()
            return Outcome(taken: taken)
        }
        // Where one does not find room, none behind it does.
        let noRoom = rest.firstIndex { $0.err == RD_KAFKA_RESP_ERR__QUEUE_FULL } ?? rest.endIndex
        let refusals = rest[..<noRoom].compactMap { message in
            message.err.isNone ? nil : PutReports.Slot.at(message._private).map { (Int($0.pointee.index), message.err) }
        }
        // librdkafka does not write over the errors of another call.
        for index in noRoom..<rest.endIndex { rest[index].err = RD_KAFKA_RESP_ERR_NO_ERROR }
        if noRoom < rest.endIndex { head += noRoom } else { clear() }
        return Outcome(taken: taken, refusals: refusals)
    }

    /// Hands over nothing.
    func refuse(_ code: rd_kafka_resp_err_t) -> Outcome { Outcome(refusals: removeAll().map { ($0, code) }) }

    /// Forgets what waits.
    ///
    /// - Returns: the indices of the messages in their put.
    func removeAll() -> [Int] {
        defer { clear() }
        return messages[head..<end].compactMap { PutReports.Slot.at($0._private).map { Int($0.pointee.index) } }
    }

    private func clear() {
        (head, end) = (0, 0)
        keys.removeAll(keepingCapacity: true)
    }
}

extension UnsafeRawBufferPointer {
    /// The bytes at an address, also where there are none: a pointer tells what is empty from what is absent.
    var addressed: UnsafeRawBufferPointer {
        isEmpty ? UnsafeRawBufferPointer(start: Self.somewhere, count: 0) : self
    }

    nonisolated(unsafe) private static let somewhere = UnsafeRawPointer(
        UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1)
    )
}
