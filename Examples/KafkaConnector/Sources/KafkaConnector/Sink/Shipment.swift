// SPDX-License-Identifier: Apache-2.0

import CRdKafka
import CloudEventsCodec
import OpenConnect

/// The records of one put on their way through librdkafka.
struct Shipment {
    private let batch: RecordBatch
    private let producer: KafkaProducer
    let reports: PutReports
    /// Verdicts of records that were never sent.
    private(set) var unsent: [Int: RecordVerdict] = [:]
    private var stoppedLanes: Set<RecordLane> = []
    private var next = 0
    private var sent = 0
    /// The partition of the newest record, and its hash.
    private var newestPartition = RecordPartition.single
    private var newestLane = StableHash.of("")

    init(_ batch: RecordBatch, on producer: KafkaProducer) {
        self.batch = batch
        self.producer = producer
        reports = .expecting(batch.count, room: producer.room)
    }

    /// Hands all records over to librdkafka. After the first of a lane that is not taken, no later one of it is sent.
    mutating func send(as options: KafkaSink.Options, defaults: EventDefaults) async throws {
        defer { reports.settle(batch.count - sent + 1) }
        while true {
            let seen = producer.room.count
            if try sendWhatFits(as: options, defaults) { return }
            try await producer.room.wait(beyond: seen)
        }
    }

    /// Goes on until all is sent, or librdkafka has no room.
    ///
    /// - Returns: whether all is sent.
    private mutating func sendWhatFits(as options: KafkaSink.Options, _ defaults: EventDefaults) throws -> Bool {
        let records = batch.records
        while next < records.count {
            if !stoppedLanes.isEmpty, stoppedLanes.contains(batch.lane(at: next)) {
                unsent[next] = .notTried
            } else {
                do {
                    guard try send(records[next], options, defaults) else { return false }
                    sent += 1
                } catch let error as ConnectorError {
                    unsent[next] = Self.verdict(error)
                    stoppedLanes.insert(batch.lane(at: next))
                }
            }
            next += 1
        }
        return true
    }

    /// Hands the next record over.
    ///
    /// - Returns: whether there was room.
    private mutating func send(
        _ record: ConnectorRecord,
        _ options: KafkaSink.Options,
        _ defaults: EventDefaults
    ) throws -> Bool {
        let message = try options.format.encode(record, defaults: defaults)
        let recorded = options.timestamps.kind == .recorded ? record.timestamp : nil
        let timestamp = (recorded?.nanosecondsSince1970 ?? 0) / 1_000_000
        if record.partition != newestPartition {
            newestPartition = record.partition
            newestLane = StableHash.of(newestPartition.name)
        }
        // A copy of few bytes costs less than to keep them.
        let isKept = message.bytes.count >= 128
        let slot = reports.slot(next, lane: newestLane, keeping: isKept ? message.bytes : SharedBytes())
        let result = producer.produce(message, timestamp: timestamp, isKept: isKept, slot: slot)
        if result.isNone { return true }
        guard result == RD_KAFKA_RESP_ERR__QUEUE_FULL else {
            throw KafkaFailure(result).error("the message cannot be sent")
        }
        return false
    }

    static func verdict(_ error: ConnectorError) -> RecordVerdict {
        error.code == .invalidRecord ? .reject(error) : .retry(error)
    }

    /// What became of the records.
    ///
    /// - Parameter failures: the reports of messages that failed.
    /// - Throws: where nothing was delivered because of an outage, or of what only a change of settings or rights mends.
    func result(_ failures: [Int: rd_kafka_resp_err_t]) throws -> PutResult {
        if failures.isEmpty, unsent.isEmpty { return .delivered }
        var verdicts = unsent
        var outage: ConnectorError?
        for (index, code) in failures {
            let error = KafkaFailure(code).error("the message was not delivered")
            if error.code == .invalidConfiguration { throw error }
            if error.code == .notConnected { outage = error }
            verdicts[index] = Self.verdict(error)
        }
        if let outage, verdicts.count == batch.count { throw outage }
        return .verdicts(verdicts)
    }
}
