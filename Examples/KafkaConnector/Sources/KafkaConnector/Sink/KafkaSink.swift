// SPDX-License-Identifier: Apache-2.0

public import OpenConnect
import Synchronization

/// Writes records as messages of a topic, at least once and in the order of their lanes.
///
/// The producer is idempotent and asks all in-sync replicas (`acks=all`): what librdkafka sends again arrives once. A put
/// returns when the cluster has reported each of its messages; the report is the record's verdict.
///
/// While the cluster cannot be reached librdkafka tries again by itself. What was not reported within the delivery
/// timeout is given up and put again through a new producer, and may then be in the topic twice: a reader tells repeats
/// by the event's source and id.
public final class KafkaSink: PipeliningSink, ConnectionChecking {
    private struct Running: Sendable {
        let leases: ProducerLeases
        let puts: UnendedPuts
        let defaults: EventDefaults
    }

    private let topic: String
    private let client: ClientSettings
    private let options: Options
    private let running = Mutex<Running?>(nil)

    /// A sink into a topic.
    public init(topic: String, client: ClientSettings, options: Options = Options()) {
        self.topic = topic
        self.client = client
        self.options = options
    }

    /// Durable on put, in order, several batches at a time.
    public nonisolated var traits: SinkTraits {
        SinkTraits(
            maxConcurrentPuts: options.concurrency,
            isOrdered: true,
            preferredBatch: SinkTraits.PreferredBatch(maxRecords: 10_000, maxBytes: 16 * 1024 * 1024),
            isDurableOnPut: true
        )
    }

    /// Makes the producer, which connects by itself.
    public func start(_ context: ConnectorContext) async throws {
        let running = try run(context)
        context.addTask(named: "delivery timeout") { [options] in
            try await Self.watch(running.leases, options.deliveryTimeout, context)
        }
    }

    private func run(_ context: ConnectorContext) throws -> Running {
        let log = ClientLog { context.emit($0) }
        let leases = ProducerLeases(clock: context.clock) { [topic, client, options] in
            try KafkaProducer(client, topic: topic, keyless: options.keyless, log: log)
        }
        let puts = UnendedPuts(leases, areInOneOrder: options.concurrency == 1)
        let running = Running(leases: leases, puts: puts, defaults: context.eventDefaults)
        self.running.withLock { $0 = running }
        return running
    }

    private static func watch(_ leases: ProducerLeases, _ timeout: Duration, _ context: ConnectorContext) async throws {
        while true {
            try await context.clock.sleep(for: timeout / 8)
            guard await leases.retireOverdue(timeout) else { continue }
            context.emit(
                ConnectorEvent(
                    .warning,
                    "the cluster did not report messages in time; they are given up and put again by a new producer",
                    attributes: ["kafka.delivery-timeout": "\(timeout)"]
                )
            )
        }
    }

    /// Asks the cluster for the topic.
    public func checkConnection(_ context: ConnectorContext) async throws {
        let leases = try run(context).leases
        let lease = try leases.take()
        let outcome: (any Error)?
        do {
            try await lease.producer.check(topic: topic, timeout: .seconds(10))
            outcome = nil
        } catch {
            outcome = error
        }
        await leases.giveBack(lease)
        await leases.close()
        if let outcome { throw outcome }
    }

    /// Sends the records, behind those of puts that are still on their way.
    public func begin(_ batch: RecordBatch) async throws -> PendingPut {
        guard let running = running.withLock({ $0 }) else { throw ConnectorError(.fatal, "the sink was not started") }
        try await running.puts.settleAbandoned()
        let lease = try running.leases.take()
        let stoppedLanes: Set<RecordLane>?
        do {
            stoppedLanes = try await running.puts.lanesToLeaveOut(of: lease.producer)
        } catch {
            await running.leases.giveBack(lease)
            throw error
        }
        guard let stoppedLanes else {
            await running.leases.giveBack(lease)
            let verdicts = batch.indices.map { ($0, RecordVerdict.notTried) }
            return PendingPut { .verdicts(Dictionary(uniqueKeysWithValues: verdicts)) }
        }
        var shipment = Shipment(batch, on: lease.producer, options, running.defaults, leavingOut: stoppedLanes)
        do {
            try await shipment.send()
        } catch {
            await running.puts.end(.init(lease: lease, messages: shipment.messages))
            throw error
        }
        let put = UnendedPuts.Put(lease: lease, messages: shipment.messages)
        let isFirst = running.puts.add(put)
        return PendingPut { try await self.result(of: put, batch, running, isFirst: isFirst) }
    }

    /// Waits for the reports of a put.
    private func result(
        of put: UnendedPuts.Put,
        _ batch: RecordBatch,
        _ running: Running,
        isFirst: Bool
    ) async throws -> PutResult {
        let producer = put.lease.producer
        // What is behind them in the queue pushes them on as well.
        if running.puts.isNewest(put) { producer.sendNow() }
        let outcome: Result<PutResult, any Error>
        do {
            try await producer.waitForReports { put.isComplete }
            let isSentAgain = isFirst && put.messages.isUndecided
            outcome = .success(try await isSentAgain ? sendAlone(batch, running) : put.messages.result())
        } catch {
            outcome = .failure(error)
        }
        await running.puts.end(put)
        return try outcome.get()
    }

    /// Sends a message again in a batch of its own, to find out whether it is the reason why the one before was refused.
    private func sendAlone(_ batch: RecordBatch, _ running: Running) async throws -> PutResult {
        let lease = try running.leases.takeExclusively()
        var shipment = Shipment(batch, on: lease.producer, options, running.defaults, leavingOut: [])
        let outcome: Result<PutResult, any Error>
        do {
            try await shipment.send()
            let messages = shipment.messages
            lease.producer.sendNow()
            try await lease.producer.waitForReports { messages.reports.isComplete }
            outcome = .success(try messages.result())
        } catch {
            outcome = .failure(error)
        }
        await running.leases.giveBack(lease)
        return try outcome.get()
    }

    /// Nothing is left to do: a put returns when its messages are safe.
    public func flush() async throws {}

    /// Ends the producer; messages that were not reported are given up.
    public func stop() async {
        guard let running = running.withLock({ $0 }) else { return }
        await running.puts.close()
        await running.leases.close()
    }
}
