// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Synchronization
import Testing

@testable import ConnectRuntimeKit

/// Random runs of one pipeline, some of which fail; its metrics have to be what source and sinks have noted themselves.
@Suite("Observation: metrics of random runs", .timeLimit(.minutes(10)))
struct RandomMetricsTests {
    private struct Interested: RuntimeObserver {
        let log: EventLog
        func observe(_ event: RuntimeEvent) { log.note(event) }
    }

    @Test("G14: counters equal what source and sinks have noted, histograms hold every call", arguments: 0..<120)
    func random(seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        let sinkCount = Int.random(in: 1...2, using: &generator)
        let total = Int64.random(in: 1...400, using: &generator)
        let partitionCount = Int64.random(in: 1...4, using: &generator)
        let hasFunctions = Bool.random(using: &generator)
        let world = CountingWorld(seed: seed, total: total, partitions: partitionCount)
        let faults: [Fault] = [
            .busy, .busy, .disconnected, .rejects { $0.text.hasSuffix("7") }, .retries { $0.text.hasSuffix("5") },
        ]
        let scripts = (0..<sinkCount).map {
            FaultScript(seed: seed &+ UInt64($0), oneIn: 6, [.put: faults, .flush: [.busy]])
        }
        let takers = (0..<sinkCount).map { _ in Taker() }
        var options = DeliveryOptions()
        options.onError = Bool.random(using: &generator) ? .deadLetter : .drop
        options.commitInterval = .milliseconds(Int.random(in: 1...50, using: &generator))
        options.retry = RetryPolicy(firstDelay: .milliseconds(1), maxDelay: .milliseconds(20), maxAttempts: 30)
        options.outage = options.retry
        let clock = ManualClock()
        let log = EventLog()
        let pipeline = Pipeline(
            "p",
            from: CountingSource(world: world),
            through: hasFunctions ? Self.functions : [],
            to: (0..<sinkCount).map { NamedSink("s\($0)", FaultySink(takers[$0], scripts[$0])) },
            offsets: InMemoryOffsetStore(),
            deadLetters: .store(InMemoryDeadLetterStore()),
            options: options,
            clock: clock.connectorClock,
            observer: Interested(log: log)
        )
        let runs = Int.random(in: 1...3, using: &generator)
        for run in 1...runs {
            world.begin(failing: run < runs)
            _ = try? await clock.ticking { try await pipeline.run() }
            #expect(pipeline.audit.isBalanced, "seed \(seed): \(pipeline.audit.faults)")
        }
        let metrics = pipeline.metrics
        let counts = metrics.counts
        #expect(counts.inFlight == metrics.abandoned, "seed \(seed): \(counts)")
        #expect(counts.polled == world.polled, "seed \(seed)")
        #expect(metrics.pollSizes.sum == Double(world.polled) && metrics.pollSizes.count == world.polls, "seed \(seed)")
        for (index, sink) in metrics.sinks.enumerated() {
            #expect(sink.accepted == takers[index].accepted, "seed \(seed)")
            #expect(sink.putSizes.count == scripts[index].count(of: .put), "seed \(seed)")
            #expect(sink.flushDurations.count == scripts[index].count(of: .flush), "seed \(seed)")
            #expect(sink.putDurations.count <= sink.putSizes.count && sink.putDurations.count > 0)
        }
        #expect(metrics.pollToCommit.count <= metrics.saveDurations.count)
        #expect(metrics.inFlightRecords == 0 && metrics.uncommittedRecords == 0)
        let last = pipeline.status.counts
        #expect(last.inFlight == 0 && pipeline.audit.totals.polled == last.polled)
        #expect(!log.events.contains { $0.kind == .audit && $0.level == .error })
        #expect(log.events.filter { $0.kind == .callRetry }.count == metrics.retries.values.reduce(0, +))
    }

    private static let functions: [any RecordFunction] = [
        .filter { !$0.text.hasSuffix("3") },
        InlineFunction { $0.text.hasSuffix("4") ? .split([$0, $0]) : .record($0) },
    ]
}

/// What the source has read.
private final class CountingWorld: Sendable {
    private struct State {
        var generator: SeededGenerator
        var polled = 0
        var polls = 0
        var failsAt = Int.max
    }

    let total: Int64
    let partitions: [RecordPartition]
    private let state: Mutex<State>

    init(seed: UInt64, total: Int64, partitions: Int64) {
        self.total = total
        self.partitions = (0..<partitions).map { RecordPartition("\($0)") }
        state = Mutex(State(generator: SeededGenerator(seed: seed)))
    }

    var polled: Int { state.withLock(\.polled) }
    var polls: Int { state.withLock(\.polls) }

    func begin(failing: Bool) {
        state.withLock { state in
            state.failsAt = failing ? state.polls + Int.random(in: 0..<8, using: &state.generator) : .max
        }
    }

    /// How many records the next poll returns.
    func next(_ left: Int64) throws -> Int64 {
        try state.withLock { state in
            guard state.polls < state.failsAt else { throw ConnectorError(.fatal, "broken") }
            let count = min(left, Int64.random(in: 1...40, using: &state.generator))
            if count > 0 { state.polls += 1 }
            state.polled += Int(count)
            return count
        }
    }
}

private actor CountingSource: Source {
    private let world: CountingWorld
    private var next: [Int64] = []

    init(world: CountingWorld) { self.world = world }

    func start(_ context: ConnectorContext) async throws {
        for partition in world.partitions {
            next.append(try await context.offset(of: partition)?.sequence.map { $0 + 1 } ?? 0)
        }
    }

    func poll(_ request: PollRequest) async throws -> SourceBatch {
        let left = next.reduce(0) { $0 + max(0, world.total - $1) }
        var records: [ConnectorRecord] = []
        for _ in 0..<(try world.next(left)) {
            // The partition that is furthest behind.
            guard let index = next.indices.min(by: { next[$0] < next[$1] }), next[index] < world.total else { break }
            records.append(
                ConnectorRecord(
                    .text("\(next[index])"),
                    partition: world.partitions[index],
                    offset: RecordOffset(next[index])
                )
            )
            next[index] += 1
        }
        return records.isEmpty ? .end : SourceBatch(records)
    }
}

/// Counts what it is given.
private final class Taker: Sink {
    private let state = Mutex(0)

    var accepted: Int { state.withLock { $0 } }

    func put(_ batch: RecordBatch) async throws -> PutResult {
        state.withLock { $0 += batch.count }
        return .delivered
    }

    func flush() async throws {}
}
