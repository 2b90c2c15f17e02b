// SPDX-License-Identifier: Apache-2.0

import CRdKafka
import OpenConnect

/// The records of one put on their way through librdkafka.
struct Shipment {
    private let batch: RecordBatch
    private let producer: KafkaProducer
    let reports: PutReports
    /// Verdicts of records that were never sent.
    private(set) var unsent: [Int: RecordVerdict] = [:]
    private var stoppedLanes: Set<RecordLane> = []

    init(_ batch: RecordBatch, on producer: KafkaProducer) {
        self.batch = batch
        self.producer = producer
        reports = .expecting(batch.count, room: producer.room)
    }

    /// Hands all records over to librdkafka. After the first of a lane that is not taken, no later one of it is sent.
    mutating func send(as options: KafkaSink.Options, defaults: EventDefaults) async throws {
        var sent = 0
        defer { reports.settle(batch.count - sent + 1) }
        for (index, record) in batch.enumerated() {
            if !stoppedLanes.isEmpty, stoppedLanes.contains(batch.lane(at: index)) {
                unsent[index] = .notTried
                continue
            }
            do {
                try await send(record, at: index, options, defaults)
                sent += 1
            } catch let error as ConnectorError {
                unsent[index] = Self.verdict(error)
                stoppedLanes.insert(batch.lane(at: index))
            }
        }
    }

    private func send(
        _ record: ConnectorRecord,
        at index: Int,
        _ options: KafkaSink.Options,
        _ defaults: EventDefaults
    ) async throws {
        let message = try options.format.encode(record, defaults: defaults)
        let recorded = options.timestamps.kind == .recorded ? record.timestamp : nil
        let timestamp = (recorded?.nanosecondsSince1970 ?? 0) / 1_000_000
        let slot = reports.slot(index, lane: StableHash.of(record.partition.name))
        while true {
            let seen = producer.room.count
            let result = producer.produce(message, timestamp: timestamp, slot: slot)
            if result.isNone { return }
            guard result == RD_KAFKA_RESP_ERR__QUEUE_FULL else {
                throw KafkaFailure(result).error("the message cannot be sent")
            }
            try await producer.room.wait(beyond: seen)
        }
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

/// FNV-1a: the same on each machine and in each run.
enum StableHash {
    static func of(_ text: String) -> UInt32 {
        var hash: UInt32 = 2_166_136_261
        for byte in text.utf8 { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
        return hash
    }
}
