// SPDX-License-Identifier: Apache-2.0

import CRdKafka
import OpenConnect

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A member of a consumer group, with a queue for each of its partitions and one for everything else. Belongs to the
/// actor of its source; every call returns at once, except where it suspends.
final class KafkaConsumer {
    /// What the group or the cluster says.
    enum Notice {
        case assigned([TopicPartition])
        case revoked([TopicPartition], areLost: Bool)
        case failed(KafkaFailure, detail: String?)
    }

    private let handle: ClientHandle
    private let events: OpaquePointer?
    private let commits: OpaquePointer?
    /// Has nothing in it: reading it tells librdkafka that the application lives.
    private let pulse: OpaquePointer?
    /// Rung where there are notices or messages.
    let bell = Doorbell()
    private let commitBell = Doorbell()
    private var commitNumber = 0
    private(set) var queues: [TopicPartition: PartitionQueue] = [:]

    /// Before 2.3 librdkafka aborts where a member ends before its first assignment (its issue 4312), with this strategy only.
    private static let preset = [
        "log.connection.close": "false",
        "partition.assignment.strategy": rd_kafka_version() >= 0x0203_0000 ? "cooperative-sticky" : "range,roundrobin",
    ]

    init(_ client: ClientSettings, group: String, _ options: KafkaSource.Options, log: ClientLog) throws {
        let reset =
            switch options.autoOffsetReset.kind {
            case .earliest: "earliest"
            case .latest: "latest"
            case .fail: "error"
            }
        let reason = "the pipeline commits what was delivered"
        let configuration = try ClientConfiguration(
            client,
            preset: Self.preset,
            fixed: [
                "group.id": (group, "use the setting 'group'"),
                "auto.offset.reset": (reset, "use the setting 'autoOffsetReset'"),
                "enable.auto.commit": ("false", reason),
                "enable.auto.offset.store": ("false", reason),
                "enable.partition.eof": ("false", "the source does not end"),
            ]
        )
        configuration.edit { conf in
            rd_kafka_conf_set_events(
                conf,
                RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_OFFSET_COMMIT
            )
        }
        handle = try ClientHandle(RD_KAFKA_CONSUMER, configuration, log: log)
        rd_kafka_poll_set_consumer(handle.pointer)
        events = rd_kafka_queue_get_consumer(handle.pointer)
        commits = rd_kafka_queue_new(handle.pointer)
        pulse = rd_kafka_queue_new(handle.pointer)
        bell.ring(by: events)
        commitBell.ring(by: commits)
    }

    func subscribe(to topics: [String]) throws {
        let list = rd_kafka_topic_partition_list_new(Int32(topics.count))
        defer { rd_kafka_topic_partition_list_destroy(list) }
        for topic in topics { rd_kafka_topic_partition_list_add(list, topic, RD_KAFKA_PARTITION_UA) }
        let result = rd_kafka_subscribe(handle.pointer, list)
        guard result.isNone else { throw KafkaFailure(result).error("the topics cannot be subscribed to") }
    }

    func check(topics: [String], timeout: Duration) async throws {
        do {
            try await handle.check(topics: topics, timeout: timeout)
        } catch {
            throw loginFailure ?? error
        }
    }

    /// What a broker has against the login, as far as that was told; other notices are dropped.
    private var loginFailure: (any Error)? {
        while let notice = nextNotice() {
            if case .failed(let failure, let detail) = notice, failure.code == RD_KAFKA_RESP_ERR__AUTHENTICATION {
                return failure.error("no broker accepts the login", detail: detail)
            }
        }
        return nil
    }

    /// Keeps the membership alive while nothing is read (`max.poll.interval.ms`).
    func keepAlive() {
        var none: UnsafeMutablePointer<rd_kafka_message_t>?
        _ = rd_kafka_consume_batch_queue(pulse, 0, &none, 1)
    }
}

// MARK: - The group

extension KafkaConsumer {
    /// The oldest notice, if there is one.
    func nextNotice() -> Notice? {
        while let event = rd_kafka_queue_poll(events, 0) {
            defer { rd_kafka_event_destroy(event) }
            if let notice = notice(event) { return notice }
        }
        return nil
    }

    private func notice(_ event: OpaquePointer) -> Notice? {
        let code = rd_kafka_event_error(event)
        switch rd_kafka_event_type(event) {
        case RD_KAFKA_EVENT_REBALANCE:
            let partitions = PartitionOffsets.read(rd_kafka_event_topic_partition_list(event)).map(\.partition)
            if code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS { return .assigned(partitions) }
            return .revoked(partitions, areLost: rd_kafka_assignment_lost(handle.pointer) != 0)
        case RD_KAFKA_EVENT_ERROR:
            let detail = rd_kafka_event_error_string(event).map { String(cString: $0) }
            return .failed(KafkaFailure(code), detail: detail)
        default:
            return nil
        }
    }

    /// Why nothing is read any more, if that is so.
    var fatalError: ConnectorError? {
        guard let (failure, detail) = handle.fatalFailure else { return nil }
        var error = failure.error("the consumer has failed for good", detail: detail)
        error.code = .fatal
        error.message += "; start the pipeline again"
        return error
    }

    private var isCooperative: Bool {
        rd_kafka_rebalance_protocol(handle.pointer).map { String(cString: $0) } == "COOPERATIVE"
    }

    /// Begins to read partitions that were assigned.
    ///
    /// - Parameter offsets: the offset of the next message of each; `nil` for what the group has committed.
    /// - Returns: the record partitions.
    func assign(_ offsets: [TopicPartition: Int64?]) throws -> [RecordPartition] {
        for partition in offsets.keys {
            queues[partition]?.close()
            queues[partition] = PartitionQueue(partition, of: handle.pointer, bell: bell)
        }
        let list = PartitionOffsets(offsets)
        if isCooperative {
            try check(rd_kafka_incremental_assign(handle.pointer, list.pointer))
        } else {
            let result = rd_kafka_assign(handle.pointer, list.pointer)
            guard result.isNone else { throw KafkaFailure(result).error("the partitions cannot be read") }
        }
        return offsets.keys.compactMap { queues[$0]?.record }
    }

    /// Stops reading partitions that the group gives to others, and lets it know.
    func unassign(_ partitions: [TopicPartition]) throws {
        for partition in partitions { queues.removeValue(forKey: partition)?.close() }
        if isCooperative {
            let list = PartitionOffsets(Dictionary(partitions.map { ($0, nil) }) { first, _ in first })
            try check(rd_kafka_incremental_unassign(handle.pointer, list.pointer))
        } else {
            _ = rd_kafka_assign(handle.pointer, nil)
        }
    }

    private func check(_ error: OpaquePointer?) throws {
        guard let error else { return }
        defer { rd_kafka_error_destroy(error) }
        let detail = rd_kafka_error_string(error).map { String(cString: $0) }
        throw KafkaFailure(rd_kafka_error_code(error)).error(
            "the group's partitions cannot be followed",
            detail: detail
        )
    }

    /// How many messages lie behind the newest one that was read of each partition, as far as it is known.
    var lag: [RecordPartition: Int64] {
        var lag: [RecordPartition: Int64] = [:]
        let list = PartitionOffsets(Dictionary(uniqueKeysWithValues: queues.keys.map { ($0, nil) }))
        guard rd_kafka_position(handle.pointer, list.pointer).isNone, let elements = list.pointer?.pointee.elems else {
            return [:]
        }
        for index in 0..<queues.count {
            let entry = elements[index]
            let partition = TopicPartition(topic: String(cString: entry.topic), number: entry.partition)
            var (low, high): (Int64, Int64) = (-1, -1)
            rd_kafka_get_watermark_offsets(handle.pointer, partition.topic, partition.number, &low, &high)
            guard high >= 0, let record = queues[partition]?.record else { continue }
            lag[record] = max(0, high - (entry.offset >= 0 ? entry.offset : max(0, low)))
        }
        return lag
    }
}

// MARK: - Commits and the end

extension KafkaConsumer {
    /// Has the group remember the offsets of the next messages.
    ///
    /// - Throws: `KafkaFailure` where the coordinator does not take them.
    func commit(_ offsets: [TopicPartition: Int64]) async throws {
        commitNumber += 1
        let number = commitNumber
        let list = PartitionOffsets(offsets.mapValues { $0 })
        let result = rd_kafka_commit_queue(
            handle.pointer,
            list.pointer,
            commits,
            nil,
            UnsafeMutableRawPointer(bitPattern: number)
        )
        guard result.isNone else { throw KafkaFailure(result) }
        while true {
            let seen = commitBell.count
            while let event = rd_kafka_queue_poll(commits, 0) {
                defer { rd_kafka_event_destroy(event) }
                guard Int(bitPattern: rd_kafka_event_opaque(event)) == number else { continue }
                return try Self.checkCommit(event)
            }
            try await commitBell.wait(beyond: seen)
        }
    }

    private static func checkCommit(_ event: OpaquePointer) throws {
        let entries = PartitionOffsets.read(rd_kafka_event_topic_partition_list(event))
        let codes = [rd_kafka_event_error(event)] + entries.map(\.code)
        guard let code = codes.first(where: { !$0.isNone && $0 != RD_KAFKA_RESP_ERR__NO_OFFSET }) else { return }
        throw KafkaFailure(code)
    }

    /// Leaves the group and ends the client's threads.
    func close() async {
        for queue in queues.values { queue.close() }
        queues = [:]
        if let error = rd_kafka_consumer_close_queue(handle.pointer, events) {
            rd_kafka_error_destroy(error)
        } else {
            await leave()
        }
        for queue in [events, commits, pulse] {
            rd_kafka_queue_cb_event_enable(queue, nil, nil)
            rd_kafka_queue_destroy(queue)
        }
        await handle.destroy()
    }

    private func leave() async {
        while rd_kafka_consumer_closed(handle.pointer) == 0 {
            if case .revoked(let partitions, _) = nextNotice() {
                try? unassign(partitions)
            } else {
                // Nothing tells when the client has left.
                await offCallingThread { _ = usleep(2000) }
            }
        }
    }
}
