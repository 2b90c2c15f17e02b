// SPDX-License-Identifier: Apache-2.0

import CRdKafka
public import OpenConnect

/// Reads topics as a member of a consumer group.
///
/// Each partition of a topic is a partition of the source, by the name `topic/number`; the offset of a record is that of
/// its message. When the group takes a partition away, what was read of it is delivered and committed first; what is in
/// flight of one that is lost already is dropped, since another member reads it by now.
///
/// Rebalances are followed inside of polls. While polling rests, because the pipeline is paused or has enough in flight,
/// a task of the source follows them in its place, so that the group does not wait.
public actor KafkaSource: CommittingSource, HoldObserving, FlowObserving, LagReporting, ConnectionChecking {
    private let topics: [String]
    private let group: String
    private let client: ClientSettings
    private let options: Options
    private var context: ConnectorContext?
    private var consumer: KafkaConsumer?
    private var heldBack: Set<RecordPartition> = []
    /// Partitions that the group gave, and that could not be claimed yet.
    private var unclaimed: [TopicPartition] = []
    private var failure: ConnectorError?
    /// What was committed of the partitions that are assigned: the broker would also take less than it has.
    private var committed: [TopicPartition: Int64] = [:]
    private var isResting = false
    private var isFollowing = false
    private let rest = Doorbell()
    /// Rung where the coordinator takes no more offsets of this membership.
    private let generationEnded = Doorbell()
    /// The partition that is read first next time, so that none is left behind.
    private var turn = 0

    /// A member of a group that reads topics.
    public init(topics: [String], group: String, client: ClientSettings, options: Options = Options()) {
        self.topics = topics
        self.group = group
        self.client = client
        self.options = options
    }

    /// Cumulative offsets of partitions that come and go, kept by the broker or the offset store.
    public nonisolated var traits: SourceTraits {
        SourceTraits(
            positions: options.offsets == .broker ? .upstream : .offsetStore,
            hasDynamicPartitions: true,
            canHoldBackPartitions: true
        )
    }

    /// Joins the group, which goes on by itself.
    public func start(_ context: ConnectorContext) async throws {
        self.context = context
        let consumer = try makeConsumer(context)
        self.consumer = consumer
        try consumer.subscribe(to: topics)
        context.addTask(named: "group membership") { try await self.keepMembership(context.clock) }
        context.addTask(named: "rebalances at rest") { try await self.followWhileResting() }
    }

    private func makeConsumer(_ context: ConnectorContext) throws -> KafkaConsumer {
        try KafkaConsumer(client, group: group, options, log: ClientLog { context.emit($0) })
    }

    /// Asks the cluster for the topics; one that is a pattern may have none yet.
    public func checkConnection(_ context: ConnectorContext) async throws {
        let consumer = try makeConsumer(context)
        let outcome: (any Error)?
        do {
            try await consumer.check(topics: topics.filter { !$0.hasPrefix("^") }, timeout: .seconds(10))
            outcome = nil
        } catch {
            outcome = error
        }
        await consumer.close()
        if let outcome { throw outcome }
    }

    /// Leaves the group.
    public func stop() async {
        await consumer.take()?.close()
    }

    /// What librdkafka has fetched, each partition in its turn; waits where there is nothing.
    public func poll(_ request: PollRequest) async throws -> SourceBatch {
        heldBack = Set(request.heldBack)
        while true {
            try Task.checkCancellation()
            guard let consumer else { throw ConnectorError(.fatal, "the source was not started") }
            let seen = consumer.bell.count
            try await follow()
            if let failure = failure.take() { throw failure }
            let messages = read(consumer, request)
            failure = messages.failure
            if !messages.isEmpty { return messages.batch }
            if failure == nil { try await consumer.bell.wait(beyond: seen) }
        }
    }

    private func read(_ consumer: KafkaConsumer, _ request: PollRequest) -> MessageBatch {
        var batch = MessageBatch(request, format: options.format)
        let queues = consumer.queues.sorted { ($0.key.topic, $0.key.number) < ($1.key.topic, $1.key.number) }.map(
            \.value
        )
        guard !queues.isEmpty else { return batch }
        turn = (turn + 1) % queues.count
        for queue in queues[turn...] + queues[..<turn] where !heldBack.contains(queue.record) {
            while !batch.isFull, batch.failure == nil {
                let messages = queue.take(min(batch.room, 512))
                if messages.isEmpty { break }
                let added = batch.add(messages, of: queue.record)
                queue.giveBack(messages.dropFirst(added))
            }
            if batch.isFull { break }
        }
        return batch
    }

    /// Commits to the broker, where it keeps the offsets.
    public func commit(_ positions: [RecordPosition]) async throws {
        guard options.offsets == .broker, let consumer else { return }
        var offsets: [TopicPartition: Int64] = [:]
        for position in positions {
            guard let partition = TopicPartition(position.partition), let offset = position.offset.sequence else {
                throw ConnectorError(.corruptOffsets, "\(position) is none of Kafka; it was stored by another source")
            }
            // Of a partition that went meanwhile the broker would refuse it, and with it the others.
            if consumer.queues[partition] != nil, offset >= committed[partition] ?? 0 {
                offsets[partition] = offset + 1
            }
        }
        guard !offsets.isEmpty else { return }
        do {
            try await consumer.commit(offsets)
        } catch let failure as KafkaFailure {
            if failure.endsGeneration { generationEnded.ring() }
            throw failure.error("the group's coordinator does not take the offsets")
        }
        committed.merge(offsets) { max($0, $1) }
    }

    /// Goes on with partitions that are not held back any more, also while a poll waits.
    public func heldBackPartitionsChanged(to partitions: [RecordPartition]) async {
        heldBack = Set(partitions)
        consumer?.bell.ring()
    }

    /// How many messages of each assigned partition are behind the newest one that was read.
    public func lag() async throws -> [RecordPartition: Int64] { consumer?.lag ?? [:] }
}

// MARK: - Rebalances

extension KafkaSource {
    /// Follows rebalances by a task of its own while nobody polls.
    public func pollingWillRest() async {
        isResting = true
        rest.ring()
    }

    /// Waits until that task is done with what it has begun.
    public func pollingWillResume() async {
        isResting = false
        while isFollowing {
            let seen = rest.count
            if isFollowing { try? await rest.wait(beyond: seen) }
            if Task.isCancelled { return }
        }
    }

    private func followWhileResting() async throws {
        while true {
            try Task.checkCancellation()
            let seen = rest.count
            guard isResting, let consumer else {
                try await rest.wait(beyond: seen)
                continue
            }
            let heard = consumer.bell.count
            isFollowing = true
            await followAtRest(context)
            isFollowing = false
            rest.ring()
            if isResting { try await consumer.bell.wait(beyond: heard) }
        }
    }

    /// What fails is thrown by the next poll; an outage may be over by then.
    private func followAtRest(_ context: ConnectorContext?) async {
        do {
            try await follow()
        } catch let error as ConnectorError where error.code == .notConnected {
            context?.emit(ConnectorEvent(.warning, error.message, attributes: ["kafka.group": group], error: error))
        } catch {
            failure = failure ?? error as? ConnectorError
        }
    }

    private func keepMembership(_ clock: ConnectorClock) async throws {
        while true {
            try await clock.sleep(for: .seconds(1))
            consumer?.keepAlive()
        }
    }

    /// Does what the group asks for, and tells the operator what happened.
    private func follow() async throws {
        guard let consumer, let context else { return }
        if !unclaimed.isEmpty { try await take(unclaimed, consumer, context) }
        while let notice = consumer.nextNotice() {
            switch notice {
            case .assigned(let partitions):
                try await take(partitions, consumer, context)
            case .revoked(let partitions, let areLost):
                try await give(partitions, areLost, consumer, context)
            case .failed(let failure, let detail):
                try report(failure, detail, consumer, context)
            }
        }
    }

    private func take(_ partitions: [TopicPartition], _ consumer: KafkaConsumer, _ context: ConnectorContext)
        async throws
    {
        unclaimed = partitions
        let records = partitions.map { RecordPartition($0.description) }
        let positions = try await context.assigned(records)
        unclaimed = []
        let stored = Dictionary(positions.map { ($0.partition, $0.offset) }) { first, _ in first }
        var offsets: [TopicPartition: Int64?] = [:]
        for partition in partitions { offsets[partition] = try next(stored[RecordPartition(partition.description)]) }
        _ = try consumer.assign(offsets)
        tell("partitions were assigned", partitions, context)
    }

    /// The offset of the next message, unless the group knows it: where the offset store decides, or a sink that keeps
    /// positions, whose word counts more than the broker's.
    private func next(_ stored: RecordOffset?) throws -> Int64? {
        guard let stored else {
            if options.offsets == .broker { return nil }
            switch options.autoOffsetReset.kind {
            case .earliest: return Int64(RD_KAFKA_OFFSET_BEGINNING)
            case .latest: return Int64(RD_KAFKA_OFFSET_END)
            case .fail: throw KafkaFailure(RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET).error("a partition cannot be read")
            }
        }
        guard let offset = stored.sequence else {
            throw ConnectorError(
                .corruptOffsets,
                "the stored offset \(stored) is none of Kafka; another source stored it"
            )
        }
        return offset + 1
    }

    private func give(
        _ partitions: [TopicPartition],
        _ areLost: Bool,
        _ consumer: KafkaConsumer,
        _ context: ConnectorContext
    ) async throws {
        unclaimed.removeAll { partitions.contains($0) }
        let records = partitions.compactMap { consumer.queues[$0]?.record }
        var failure: (any Error)?
        if areLost {
            context.lost(records)
        } else if !records.isEmpty {
            do {
                try await commitBeforeGiving(records, context)
            } catch {
                context.lost(records)
                failure = error
            }
        }
        for partition in partitions { committed[partition] = nil }
        // Whatever became of it: the group waits for this answer.
        try consumer.unassign(partitions)
        tell(
            areLost ? "partitions were lost: the group took them away without asking" : "partitions were given up",
            partitions,
            context
        )
        if let failure { throw failure }
    }

    /// Where the coordinator takes no offsets while the group changes, waiting for a commit would only hold up the others.
    private func commitBeforeGiving(_ records: [RecordPartition], _ context: ConnectorContext) async throws {
        let (ended, seen) = (generationEnded, generationEnded.count)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await context.revoke(records) }
            group.addTask {
                try await ended.wait(beyond: seen)
                context.lost(records)
            }
            try await group.next()
            group.cancelAll()
        }
    }

    private func tell(_ words: String, _ partitions: [TopicPartition], _ context: ConnectorContext) {
        guard !partitions.isEmpty else { return }
        let names = partitions.map(\.description).sorted().joined(separator: ", ")
        context.emit(ConnectorEvent(.info, words, attributes: ["kafka.group": group, "kafka.partitions": names]))
    }

    private func report(
        _ failure: KafkaFailure,
        _ detail: String?,
        _ consumer: KafkaConsumer,
        _ context: ConnectorContext
    ) throws {
        if let error = consumer.fatalError { throw error }
        let error = failure.error("the group '\(group)' cannot be followed", detail: detail)
        if failure.isOutage || error.code == .invalidConfiguration || error.code == .corruptOffsets { throw error }
        context.emit(ConnectorEvent(.warning, "\(error.message)", attributes: ["kafka.group": group], error: error))
    }
}
