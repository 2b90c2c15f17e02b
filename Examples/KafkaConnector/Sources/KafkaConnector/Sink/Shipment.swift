// SPDX-License-Identifier: Apache-2.0

import CRdKafka
import CloudEventsCodec
import OpenConnect

/// The records of one put on their way through librdkafka.
struct Shipment {
    private let batch: RecordBatch
    private let producer: KafkaProducer
    private let options: KafkaSink.Options
    private let defaults: EventDefaults
    /// Whether the value of a message is the payload as the record holds it, where that is bytes.
    private let isSentAsHeld: Bool
    private let reports: PutReports
    /// Messages that are handed over together.
    private let queue = MessageQueue()
    /// Verdicts of records that were never sent.
    private var unsent: [Int: RecordVerdict] = [:]
    /// Lanes of which something was not sent, so that nothing behind it may be.
    private var stoppedLanes: Set<RecordLane>
    private var next = 0
    /// How many messages librdkafka has taken, and reports.
    private var sent = 0
    /// The partition of the newest record, and its hash.
    private var newestPartition = RecordPartition.single
    private var newestLane: UInt32
    /// The partition of the topic for messages of that lane without a key.
    private var newestTarget: Int32

    /// - Parameter stoppedLanes: lanes of which nothing may be sent.
    init(
        _ batch: RecordBatch,
        on producer: KafkaProducer,
        _ options: KafkaSink.Options,
        _ defaults: EventDefaults,
        leavingOut stoppedLanes: Set<RecordLane>
    ) {
        self.batch = batch
        self.producer = producer
        self.options = options
        self.defaults = defaults
        self.stoppedLanes = stoppedLanes
        isSentAsHeld = options.format.kind == .raw
        newestLane = StableHash.of("")
        newestTarget = producer.partition(ofLane: newestLane)
        reports = .expecting(batch)
    }

    /// Hands all records over to librdkafka. After the first of a lane that is not taken, no later one of it is sent, and none
    /// at all once a message has failed.
    mutating func send() async throws {
        defer { reports.settle(batch.count - sent + 1) }
        try await producer.waitForReports {
            // What waited for room must not be delivered in the place of those.
            if !reports.failures.isEmpty { leaveRest() }
            if sendWhatFits() { return true }
            // There is room once what is there has been sent; it need not linger for more.
            producer.sendNow()
            return false
        }
    }

    /// Goes on until all is sent, or librdkafka has no room.
    ///
    /// - Returns: whether all is sent.
    private mutating func sendWhatFits() -> Bool {
        batch.records.withUnsafeBufferPointer { records in
            while next < records.count {
                if queue.isFull, !sendQueue() { return false }
                // By its address: the optimizer copies a record that it is given by its index, with all its references.
                guard take(records.baseAddress.unsafelyUnwrapped + next) else { return false }
                next += 1
            }
            return sendQueue()
        }
    }

    /// Takes the next record.
    ///
    /// - Returns: whether there was room for it.
    private mutating func take(_ record: UnsafePointer<ConnectorRecord>) -> Bool {
        if !stoppedLanes.isEmpty, stoppedLanes.contains(batch.lane(at: next)) {
            leave(next)
            return true
        }
        if record.pointee.partition != newestPartition { noteLane(record.pointee.partition) }
        let timestamp = timestamp(of: record)
        if isSentAsHeld, timestamp == 0, record.pointee.isPlainBytes {
            let value = record.pointee.heldBytes.unsafeBytes
            if value.count <= producer.maxMessageBytes {
                let slot = reports.slot(next, lane: newestLane)
                queue.append(value.addressed, key: nil, partition: newestTarget, slot: slot)
                return true
            }
        }
        return encode(record, timestamp)
    }

    /// Takes a record whose message has to be made.
    ///
    /// By itself: a function that also gives the record away as a value copies it on all its ways.
    ///
    /// - Returns: whether there was room for it.
    @inline(never)
    private mutating func encode(_ record: UnsafePointer<ConnectorRecord>, _ timestamp: Int64) -> Bool {
        do {
            return try send(options.format.encode(record.pointee, defaults: defaults), timestamp)
        } catch let error as ConnectorError {
            stop(at: next, error)
        } catch {
            stop(at: next, ConnectorError(.invalidRecord, "the message cannot be made", cause: error))
        }
        return true
    }

    /// Lets a message wait to be handed over with others, or hands it over by itself, behind those that wait.
    ///
    /// - Returns: whether there was room for it.
    private mutating func send(_ message: EncodedRecord, _ timestamp: Int64) throws -> Bool {
        let slot = reports.slot(next, lane: newestLane)
        reports.keep(message.bytes)
        let size = message.bytes.count + (message.key?.count ?? 0)
        if message.headers.isEmpty, timestamp == 0, size <= producer.maxMessageBytes {
            let value = message.isAbsent ? nil : message.bytes.unsafeBytes.addressed
            queue.append(value, key: message.key, partition: newestTarget, slot: slot)
            return true
        }
        guard sendQueue() else { return false }
        let result = producer.produce(message, timestamp: timestamp, slot: slot)
        switch result {
        case RD_KAFKA_RESP_ERR_NO_ERROR: sent += 1
        case RD_KAFKA_RESP_ERR__QUEUE_FULL: return false
        case RD_KAFKA_RESP_ERR__PURGE_QUEUE: leave(next)
        default: throw KafkaFailure(result).error("the message cannot be sent")
        }
        return true
    }

    /// Hands over the messages that wait for it.
    ///
    /// - Returns: whether there was room for all of them.
    private mutating func sendQueue() -> Bool {
        let outcome = producer.produce(queue)
        sent += outcome.taken
        for refusal in outcome.refusals {
            if refusal.code == RD_KAFKA_RESP_ERR__PURGE_QUEUE {
                leave(refusal.index)
            } else {
                stop(at: refusal.index, KafkaFailure(refusal.code).error("the message cannot be sent"))
            }
        }
        return queue.isEmpty
    }

    private mutating func stop(at index: Int, _ error: ConnectorError) {
        unsent[index] = error.verdict
        stoppedLanes.insert(batch.lane(at: index))
    }

    /// Sends nothing more.
    private mutating func leaveRest() {
        for index in queue.removeAll() { leave(index) }
        for index in next..<batch.count { leave(index) }
        next = batch.count
    }

    private mutating func leave(_ index: Int) {
        unsent[index] = .notTried
        stoppedLanes.insert(batch.lane(at: index))
    }

    private mutating func noteLane(_ partition: RecordPartition) {
        newestPartition = partition
        newestLane = StableHash.of(partition.name)
        newestTarget = producer.partition(ofLane: newestLane)
    }

    /// Milliseconds since 1970, or 0 for the time of sending.
    private func timestamp(of record: UnsafePointer<ConnectorRecord>) -> Int64 {
        guard options.timestamps.kind == .recorded, let timestamp = record.pointee.timestamp else { return 0 }
        return timestamp.nanosecondsSince1970 / 1_000_000
    }

    /// What was sent, and what was not.
    var messages: SentMessages {
        SentMessages(count: batch.count, reports: reports, unsent: unsent, stoppedLanes: stoppedLanes)
    }
}
