// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Synchronization
import Testing

@testable import ConnectRuntimeKit

/// Is interested in everything but spans.
private struct Interested: RuntimeObserver {
    func observe(_ event: RuntimeEvent) {}
}

/// With a clock that only the connectors move, every figure is known beforehand.
@Suite("Observation: metrics against the truth", .timeLimit(.minutes(10)))
struct PipelineMetricsTests {
    private let clock = ManualClock()
    private let journal = Journal()

    private func pipeline(
        _ batches: [SourceBatch],
        taking poll: Duration = .zero,
        through functions: [any RecordFunction] = [],
        to sinks: [NamedSink],
        observer: any RuntimeObserver = Interested(),
        options: DeliveryOptions = DeliveryOptions(),
        store: any OffsetStore = InMemoryOffsetStore()
    ) -> Pipeline {
        let (script, clock) = (Script(batches), clock)
        return Pipeline(
            "p",
            from: ScriptedSource(
                journal: journal,
                onPoll: { _ in
                    clock.advance(by: poll)
                    return try await script.next()
                }
            ),
            through: functions,
            to: sinks,
            offsets: store,
            deadLetters: .store(InMemoryDeadLetterStore()),
            options: options,
            clock: clock.connectorClock,
            randomness: .longest,
            observer: observer
        )
    }

    private func sink(
        put: Duration = .zero,
        flush: Duration = .zero,
        _ onPut: @escaping @Sendable (RecordBatch) async throws -> PutResult = { _ in .delivered }
    ) -> ScriptedSink {
        let clock = clock
        return ScriptedSink(
            journal: journal,
            onPut: {
                clock.advance(by: put)
                return try await onPut($0)
            },
            onFlush: { clock.advance(by: flush) }
        )
    }

    @Test("durations are those that the calls took, and the latency is from the poll until it is durable")
    func durations() async throws {
        var options = DeliveryOptions()
        // Only the commit at the end.
        options.commitInterval = .seconds(3600)
        let pipeline = pipeline(
            [SourceBatch(records(1...100)), SourceBatch(records(101...150))],
            taking: .milliseconds(3),
            to: [NamedSink("s", sink(put: .milliseconds(5), flush: .milliseconds(7)))],
            options: options
        )
        try await pipeline.run()
        let metrics = pipeline.metrics
        // The third poll finds the end.
        #expect(metrics.pollDurations.count == 3 && metrics.pollDurations.sum == 0.009)
        #expect(metrics.pollSizes.count == 2 && metrics.pollSizes.sum == 150)
        #expect(metrics.sinks[0].putDurations.count == 2 && metrics.sinks[0].putDurations.sum == 0.010)
        #expect(metrics.sinks[0].putSizes == metrics.pollSizes)
        #expect(metrics.sinks[0].flushDurations.sum == 0.007 * Double(metrics.sinks[0].flushDurations.count))
        #expect(metrics.saveDurations.count >= 1 && metrics.saveDurations.sum == 0)
        #expect(metrics.commitDurations.count >= 1)
        // Polled at 3 ms; then put, poll, put, poll and the flush.
        #expect(metrics.pollToCommit.count == 1 && metrics.pollToCommit.sum == 0.023)
        #expect(metrics.timeSinceProgress == .zero && metrics.state == .stopped)
    }

    @Test("the functions' duration is taken by the batch")
    func functions() async throws {
        let clock = clock
        let pipeline = pipeline(
            [SourceBatch(records(1...4)), SourceBatch(records(5...5))],
            through: [
                InlineFunction {
                    clock.advance(by: .milliseconds(2))
                    return .record($0)
                }
            ],
            to: [NamedSink("s", sink())]
        )
        try await pipeline.run()
        #expect(pipeline.metrics.functionDurations.count == 2 && pipeline.metrics.functionDurations.sum == 0.010)
    }

    @Test("retries, by call, and the records that were put again")
    func retries() async throws {
        let (puts, saves) = (FaultScript(.put, [.busy, .busy, nil]), FaultScript(.save, [.busy]))
        let pipeline = pipeline(
            [SourceBatch(records(1...3))],
            to: [NamedSink("s", FaultySink(sink(), puts))],
            store: FaultyOffsetStore(InMemoryOffsetStore(), saves, clock: clock.connectorClock)
        )
        try await clock.ticking(by: .milliseconds(50)) { _ = try await pipeline.run() }
        let metrics = pipeline.metrics
        #expect(metrics.retries == ["put of the s": 2, "save of the offset store": 1])
        #expect(metrics.counts.retried == 6 && metrics.counts.delivered == 3)
    }

    @Test("the bytes of a record that waited alone are counted when it is delivered")
    func bytesOfRetried() async throws {
        let busy = RecordVerdict.retry(ConnectorError(.retryable, "busy"))
        let pipeline = pipeline(
            [SourceBatch(records(1...4))],
            to: [NamedSink("s", sink { $0.count == 4 ? .verdicts([3: busy]) : .delivered })]
        )
        try await clock.ticking(by: .milliseconds(50)) { _ = try await pipeline.run() }
        #expect(pipeline.metrics.counts.retried == 1 && pipeline.metrics.counts.deliveredBytes == 4)
    }

    @Test("gauges show what is in flight and uncommitted, and return to nothing")
    func gauges() async throws {
        let gate = Gate()
        let pipeline = pipeline(
            [SourceBatch(records(1...3))],
            to: [
                NamedSink(
                    "s",
                    sink { _ in
                        try await gate.pass()
                        return .delivered
                    }
                )
            ]
        )
        #expect(pipeline.metrics.timeSinceProgress == nil && pipeline.metrics.state == .created)
        async let counts = pipeline.run()
        await gate.arrivals()
        #expect(pipeline.metrics.inFlightRecords == 3 && pipeline.metrics.state == .running)
        clock.advance(by: .seconds(5))
        #expect(pipeline.metrics.timeSinceProgress == .seconds(5))
        gate.open()
        _ = try await counts
        let metrics = pipeline.metrics
        #expect(metrics.inFlightRecords == 0 && metrics.inFlightBytes == 0)
        #expect(metrics.uncommittedRecords == 0 && metrics.uncommittedBytes == 0)
        #expect(metrics.counts.deliveredBytes == 3)
    }

    @Test("what a sink accepted is counted by sink, each part by itself")
    func fanOut() async throws {
        let pipeline = pipeline(
            [SourceBatch(records(1...4))],
            through: [
                InlineFunction { record in
                    record.text == "1" ? .route(record, to: ["a"]) : .split([record, record])
                }
            ],
            to: [NamedSink("a", sink()), NamedSink("b", sink())]
        )
        try await pipeline.run()
        let metrics = pipeline.metrics
        #expect(metrics.counts.delivered == 4 && metrics.sinks.map(\.accepted) == [7, 6])
        #expect(metrics.sinks.map(\.name) == ["a", "b"])
    }

    @Test("counters go on over the runs of a pipeline, and what a run left is counted as abandoned")
    func runs() async throws {
        let isBroken = Mutex(true)
        let pipeline = pipeline(
            [SourceBatch(records(1...4)), SourceBatch(records(1...4))],
            to: [
                NamedSink(
                    "s",
                    sink { _ in
                        if isBroken.withLock({ $0 }) { throw ConnectorError(.fatal, "broken") }
                        return .delivered
                    }
                )
            ]
        )
        #expect(await failure(of: pipeline) != nil)
        let first = pipeline.metrics
        #expect(first.counts.polled == 4 && first.abandoned == 4 && first.inFlightRecords == 0)
        isBroken.withLock { $0 = false }
        pipeline.enter(.restarting)
        try await pipeline.run()
        let metrics = pipeline.metrics
        #expect(metrics.counts.polled == 8 && metrics.counts.delivered == 4 && metrics.abandoned == 4)
        #expect(metrics.restarts == 1 && metrics.pollSizes.count == 2)
    }

    @Test("an observer without interest in durations has nothing measured, and everything counted")
    func disinterested() async throws {
        let pipeline = pipeline(
            [SourceBatch(records(1...4))],
            to: [NamedSink("s", sink(put: .seconds(1)))],
            observer: .silent
        )
        try await pipeline.run()
        let metrics = pipeline.metrics
        #expect(metrics.counts.delivered == 4 && metrics.pollSizes.count == 0 && metrics.sinks[0].putSizes.count == 0)
        #expect(metrics.sinks[0].putDurations.count == 0 && metrics.pollToCommit.count == 0)
        #expect(!metrics.samples.contains { $0.metric.kind == .histogram })
    }

    @Test("small batches that are moved without the lock are counted all the same", arguments: [false, true])
    func lease(isRead: Bool) async throws {
        let count: Int64 = 5000
        let sizes: [Int64] = [1, 2, 3, 17]
        var batches: [SourceBatch] = []
        var next: Int64 = 1
        while next <= count {
            let size = sizes[batches.count % sizes.count]
            batches.append(SourceBatch(records(next...(next + size - 1))))
            next += size
        }
        let script = Script(batches)
        let pipeline = Pipeline(
            "p",
            from: ScriptedSource(journal: journal, onPoll: { _ in try await script.next() }),
            to: ScriptedSink(journal: journal),
            offsets: InMemoryOffsetStore(),
            observer: Interested()
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await pipeline.run() }
            while isRead, pipeline.status.state != .stopped {
                let metrics = pipeline.metrics
                #expect(metrics.pollSizes.sum >= Double(metrics.counts.polled))
                await Task.yield()
            }
            try await group.waitForAll()
        }
        let metrics = pipeline.metrics
        #expect(metrics.pollSizes.count == batches.count && metrics.pollSizes.sum == Double(next - 1))
        var truth = MetricHistogram(.sizes)
        for batch in batches { truth.record(Int64(batch.records.count)) }
        #expect(metrics.pollSizes == truth)
        #expect(metrics.sinks[0].putSizes.sum == truth.sum && metrics.sinks[0].accepted == Int(next - 1))
    }

    @Test("the lag is asked for by those who look, and an answer that fails or hangs keeps nobody")
    func lag() async throws {
        let source = LaggingSource()
        let pipeline = Pipeline(
            "p",
            from: source,
            to: ScriptedSink(journal: journal),
            offsets: InMemoryOffsetStore(),
            clock: clock.connectorClock
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await pipeline.run() }
            await source.polled.arrivals()
            #expect(source.asked.load(ordering: .relaxed) == 0 && pipeline.metrics.lag == nil)
            try await clock.ticking(by: .milliseconds(100)) {
                while pipeline.metrics.lag != [.single: 42] { await Task.yield() }
            }
            #expect(pipeline.metrics.samples.first { $0.metric == .lag }?.number == 42)
            // The second answer fails, the third one hangs.
            try await clock.ticking(by: .milliseconds(100)) {
                while source.asked.load(ordering: .relaxed) < 3 {
                    _ = pipeline.metrics
                    await Task.yield()
                }
            }
            await source.hanging.arrivals()
            #expect(pipeline.status.calls.contains { $0.description == "lag of the source" })
            #expect(pipeline.metrics.lag == nil && source.mostAtOnce.load(ordering: .relaxed) == 1)
            pipeline.stop()
            try await group.waitForAll()
        }
    }

    @Test("G9: lags that are too large for one number are added up all the same")
    func lagWithoutBounds() {
        let pipeline = Pipeline("p", from: LaggingSource(), to: ScriptedSink(journal: journal))
        var metrics = pipeline.metrics
        metrics.lag = [RecordPartition("a"): .max, RecordPartition("b"): .max]
        #expect(metrics.samples.first { $0.metric == .lag }?.number == 2 * Double(Int64.max))
    }

    @Test("every metric has a name of its own, in the form of its kind")
    func names() {
        let all = MetricSample.Metric.all
        #expect(Set(all.map(\.name)).count == all.count)
        for metric in all {
            #expect(metric.name.hasPrefix("openconnect_") && !metric.help.isEmpty && !metric.unit.isEmpty)
            #expect(metric.name.hasSuffix("_total") == (metric.kind == .counter), "\(metric)")
        }
    }
}

/// Says 42, then fails, then hangs.
private final class LaggingSource: LagReporting {
    let polled = Gate()
    let hanging = Gate()
    let asked = Atomic(0)
    let mostAtOnce = Atomic(0)
    private let atOnce = Atomic(0)

    func poll(_ request: PollRequest) async throws -> SourceBatch {
        try await polled.pass()
        return .end
    }

    func lag() async throws -> [RecordPartition: Int64] {
        let now = atOnce.add(1, ordering: .relaxed).newValue
        mostAtOnce.store(max(now, mostAtOnce.load(ordering: .relaxed)), ordering: .relaxed)
        defer { atOnce.subtract(1, ordering: .relaxed) }
        switch asked.add(1, ordering: .relaxed).newValue {
        case 1: return [.single: 42]
        case 2: throw ConnectorError(.retryable, "no lag")
        default:
            try await hanging.pass()
            return [:]
        }
    }
}
