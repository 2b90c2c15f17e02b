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
public final class KafkaSink: Sink, ConnectionChecking {
    private struct Running: Sendable {
        let leases: ProducerLeases
        let defaults: EventDefaults
    }

    private struct State {
        var running: Running?
        /// Puts that nobody waits for any more, while their messages are on their way.
        var abandoned: [PutReports] = []
    }

    private let topic: String
    private let client: ClientSettings
    private let options: Options
    private let state = Mutex(State())

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
        let running = Running(leases: leases, defaults: context.eventDefaults)
        state.withLock { $0.running = running }
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

    /// Sends the records and waits for their reports.
    public func put(_ batch: RecordBatch) async throws -> PutResult {
        guard let running = state.withLock(\.running) else { throw ConnectorError(.fatal, "the sink was not started") }
        try await settleAbandoned()
        let lease = try running.leases.take()
        var shipment = Shipment(batch, on: lease.producer, as: options, defaults: running.defaults)
        let outcome: Result<PutResult, any Error>
        do {
            try await shipment.send()
            lease.producer.sendNow()
            outcome = .success(try shipment.result(try await shipment.reports.all()))
        } catch {
            outcome = .failure(error)
        }
        let reports = shipment.reports
        state.withLock { if !reports.isComplete { $0.abandoned.append(reports) } }
        if lease.producer.fatalError != nil { running.leases.retire(lease.producer) }
        await running.leases.giveBack(lease)
        return try outcome.get()
    }

    /// Messages of a put that was given up must not come behind those of the next one.
    private func settleAbandoned() async throws {
        while let reports = state.withLock({ $0.abandoned.last }) {
            _ = try await reports.all()
            state.withLock { state in state.abandoned.removeAll { $0 === reports } }
        }
    }

    /// Nothing is left to do: a put returns when its messages are safe.
    public func flush() async throws {}

    /// Ends the producer; messages that were not reported are given up.
    public func stop() async {
        await state.withLock(\.running)?.leases.close()
    }
}
