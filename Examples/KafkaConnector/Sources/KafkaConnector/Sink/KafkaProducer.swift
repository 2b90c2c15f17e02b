// SPDX-License-Identifier: Apache-2.0

import CRdKafka
import CloudEventsCodec
import Dispatch
import OpenConnect
import Synchronization

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// An idempotent producer for one topic.
///
/// Its delivery reports are collected by the tasks that wait for them. A thread of librdkafka, which could do it as well,
/// would free the messages while a task makes others, and the two would wait for each other in `malloc`.
final class KafkaProducer: Sendable {
    /// Rung when there are reports to be collected, or some have been.
    private let bell = Doorbell()
    /// Where librdkafka puts the reports; `nil` once the producer is closed.
    private let reports: Mutex<ReportQueue?>
    /// The most bytes that value and key of a message may have together.
    let maxMessageBytes: Int
    /// Whether its messages are given up; none is taken behind those.
    private let isPurged = Mutex(false)
    private let handle: ClientHandle
    nonisolated(unsafe) private let topic: OpaquePointer
    /// How many partitions the topic has, where this producer chooses among them; 0 where that is not known yet.
    private let partitions: PartitionCount
    private let flushing = DispatchQueue(label: "kafka-flush")
    private let isFlushWanted = Atomic(false)

    private static let preset = [
        // As the clients in Java choose, where the sink does not choose itself.
        "partitioner": "murmur2_random",
        "log.connection.close": "false",
    ]

    private static let fixed: [String: (value: String, instead: String)] = [
        "enable.idempotence": ("true", "the order of messages relies on it"),
        "acks": ("all", "what is reported as delivered has to be safe"),
        "request.required.acks": ("all", "what is reported as delivered has to be safe"),
        "enable.gapless.guarantee": ("true", "the order of messages relies on it"),
        "message.timeout.ms": ("0", "use the setting 'deliveryTimeout'"),
        "delivery.timeout.ms": ("0", "use the setting 'deliveryTimeout'"),
        "delivery.report.only.error": ("false", "the sink waits for the report of each message"),
    ]

    init(_ client: ClientSettings, topic name: String, keyless: KafkaSink.Options.Keyless, log: ClientLog) throws {
        let choosesPartitions = keyless == .sourcePartition && client.properties["partitioner"] == nil
        var fixed = Self.fixed
        if choosesPartitions {
            // Else librdkafka spreads messages without a key by itself, and does not ask.
            fixed["sticky.partitioning.linger.ms"] = ("0", "set 'keyless' to any-partition first")
        }
        let partitions = PartitionCount()
        self.partitions = partitions
        let configuration = try ClientConfiguration(client, preset: Self.preset, fixed: fixed)
        configuration.edit { conf in
            rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR)
            if choosesPartitions { partitions.choosePartitions(conf) }
        }
        maxMessageBytes = Int(configuration.value("message.max.bytes")) ?? 0
        handle = try ClientHandle(RD_KAFKA_PRODUCER, configuration, log: log)
        let queue = ReportQueue(pointer: rd_kafka_queue_get_main(handle.pointer))
        reports = Mutex(queue)
        guard let topic = rd_kafka_topic_new(handle.pointer, name, nil) else {
            let failure = KafkaFailure(rd_kafka_last_error())
            queue.close()
            handle.abandon()
            throw failure.error("the topic '\(name)' cannot be used")
        }
        self.topic = topic
        bell.ring(by: queue.pointer)
    }

    /// The partition for messages of a lane without a key, or `RD_KAFKA_PARTITION_UA` where librdkafka has to ask.
    func partition(ofLane lane: UInt32) -> Int32 { partitions.partition(ofLane: lane) }

    /// Suspends until something is so; looks again whenever messages have been reported.
    ///
    /// - Throws: `CancellationError` when the task is cancelled.
    func waitForReports(until isSo: () -> Bool) async throws {
        while true {
            let seen = bell.count
            collectReports()
            if isSo() { return }
            try await bell.wait(beyond: seen)
        }
    }

    /// Passes on what librdkafka has reported. Once that is freed there is room for other messages.
    private func collectReports() {
        // They may be what other tasks wait for.
        if reports.withLock({ $0?.collect() ?? false }) { bell.ring() }
    }

    /// Hands over messages without headers, as many as there is room for.
    func produce(_ messages: MessageQueue) -> MessageQueue.Outcome {
        isPurged.withLock { $0 ? messages.refuse(RD_KAFKA_RESP_ERR__PURGE_QUEUE) : messages.send(to: topic) }
    }

    /// Hands a message over that has headers, or another time than that of its sending.
    ///
    /// - Parameters:
    ///   - timestamp: milliseconds since 1970, or 0 for now.
    ///   - slot: what its report leads to; it keeps the value alive.
    /// - Returns: `__QUEUE_FULL` where there is no room at present, `__PURGE_QUEUE` where all messages are given up.
    func produce(
        _ message: EncodedRecord,
        timestamp: Int64,
        slot: UnsafeMutableRawPointer
    ) -> rd_kafka_resp_err_t {
        let list = Self.headers(message.headers)
        let value = message.isAbsent ? nil : message.bytes.unsafeBytes.addressed
        let key = message.key?.unsafeBytes.addressed
        var parts = [rd_kafka_vu_t](repeating: rd_kafka_vu_t(), count: 6)
        parts[0].vtype = RD_KAFKA_VTYPE_RKT
        parts[0].u.rkt = topic
        parts[1].vtype = RD_KAFKA_VTYPE_VALUE
        parts[1].u.mem.ptr = UnsafeMutableRawPointer(mutating: value?.baseAddress)
        parts[1].u.mem.size = value?.count ?? 0
        parts[2].vtype = RD_KAFKA_VTYPE_KEY
        parts[2].u.mem.ptr = UnsafeMutableRawPointer(mutating: key?.baseAddress)
        parts[2].u.mem.size = key?.count ?? 0
        parts[3].vtype = RD_KAFKA_VTYPE_TIMESTAMP
        parts[3].u.i64 = timestamp
        parts[4].vtype = RD_KAFKA_VTYPE_OPAQUE
        parts[4].u.ptr = slot
        parts[5].vtype = RD_KAFKA_VTYPE_HEADERS
        parts[5].u.headers = list
        let result = withExtendedLifetime(message) { produce(&parts) }
        // librdkafka takes the headers over only where it succeeds.
        if !result.isNone { rd_kafka_headers_destroy(list) }
        return result
    }

    private func produce(_ parts: inout [rd_kafka_vu_t]) -> rd_kafka_resp_err_t {
        isPurged.withLock { isPurged in
            if isPurged { return RD_KAFKA_RESP_ERR__PURGE_QUEUE }
            guard let error = rd_kafka_produceva(handle.pointer, &parts, parts.count) else {
                return RD_KAFKA_RESP_ERR_NO_ERROR
            }
            defer { rd_kafka_error_destroy(error) }
            return rd_kafka_error_code(error)
        }
    }

    private static func headers(_ headers: [RecordHeader]) -> OpaquePointer? {
        let list = rd_kafka_headers_new(headers.count)
        for header in headers {
            let value = header.value.unsafeBytes.addressed
            withExtendedLifetime(header) {
                _ = rd_kafka_header_add(list, header.name, header.name.utf8.count, value.baseAddress, value.count)
            }
        }
        return list
    }

    /// Has librdkafka send what it has without waiting for more to come (`linger.ms`).
    func sendNow() {
        guard !isFlushWanted.exchange(true, ordering: .acquiringAndReleasing) else { return }
        flushing.async { [self] in
            isFlushWanted.store(false, ordering: .releasing)
            // Messages that come meanwhile do not linger either; a little later all would have been sent anyway.
            _ = rd_kafka_flush(handle.pointer, 100)
        }
    }

    /// Why the producer can do nothing any more, if that is so.
    var fatalError: ConnectorError? {
        handle.fatalFailure.map { $0.error("the producer has failed", detail: $1) }
    }

    /// Gives up all messages that are not reported yet, those on their way included; each of them is then reported as
    /// failed. The producer is of no use afterwards.
    func purge() async {
        isPurged.withLock { $0 = true }
        await offCallingThread { [handle] in
            _ = rd_kafka_purge(handle.pointer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT)
        }
    }

    /// Gives up what is not reported yet, waits for those reports, and ends the producer's threads.
    func close() async {
        await purge()
        while rd_kafka_outq_len(handle.pointer) > 0 {
            collectReports()
            // librdkafka says nothing of the last one.
            await offCallingThread { _ = usleep(1000) }
        }
        reports.withLock { $0.take()?.close() }
        await withCheckedContinuation { continuation in flushing.async { continuation.resume() } }
        rd_kafka_topic_destroy(topic)
        await handle.destroy()
    }

    /// See ``ClientHandle/check(topics:timeout:)``.
    func check(topic: String, timeout: Duration) async throws {
        try await handle.check(topics: [topic], timeout: timeout)
    }
}
