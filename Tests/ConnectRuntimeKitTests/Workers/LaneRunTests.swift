// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Synchronization
import Testing

@testable import ConnectRuntimeKit

@Suite("Pipeline: lanes", .serialized, .timeLimit(.minutes(10)))
struct LaneRunTests {
    @Test("G5: in random runs each lane is in order, whatever fails and however many puts run", arguments: 0..<40)
    func order(seed: Int) async throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        var options = DeliveryOptions()
        options.lanes = Bool.random(using: &generator) ? .partition : .partitionAndKey
        options.retry = RetryPolicy(firstDelay: .milliseconds(5), maxDelay: .milliseconds(50), maxAttempts: nil)
        options.maxInFlightRecords = [20, 200].randomElement(using: &generator) ?? 20
        let sink = UnsteadySink(
            seed: generator.next(),
            puts: Int.random(in: 1...4, using: &generator),
            preferred: Bool.random(using: &generator) ? 7 : nil,
            byKey: options.lanes.usesKeys
        )
        let script = Script(Self.batches(&generator))
        let clock = ManualClock()
        let pipeline = Pipeline(
            "p",
            from: ScriptedSource(journal: Journal(), onPoll: { _ in try await script.next() }),
            to: sink,
            offsets: InMemoryOffsetStore(),
            options: options,
            clock: clock.connectorClock,
            randomness: .seeded(UInt64(seed))
        )
        let counts = try await clock.ticking(by: .milliseconds(3)) { try await pipeline.run() }
        #expect(counts.delivered == counts.polled && counts.committed == counts.polled)
        let disorder = sink.disorder
        #expect(disorder == nil, "\(disorder ?? "")")
        #expect(sink.mostAtOnce <= sink.traits.maxConcurrentPuts)
    }

    private static func batches(_ generator: inout SeededGenerator) -> [SourceBatch] {
        let partitions = (0..<3).map { RecordPartition("p\($0)") }
        var next = [0, 0, 0]
        return (0..<30).map { _ in
            SourceBatch(
                (0..<Int.random(in: 1...12, using: &generator)).map { _ in
                    let number = Int.random(in: 0..<3, using: &generator)
                    next[number] += 1
                    var record = ConnectorRecord(
                        .text("\(next[number])"),
                        partition: partitions[number],
                        offset: RecordOffset(Int64(next[number]))
                    )
                    record.key = .text("k\(Int.random(in: 0..<3, using: &generator))")
                    return record
                }
            )
        }
    }

    @Test("S68 G5: the source is told which partition is held back, and is polled for the others")
    func heldBack() async throws {
        let (bad, good) = (RecordPartition("bad"), RecordPartition("good"))
        let requests = Mutex<[[String]]>([])
        let isBusy = Mutex(true)
        let next = Mutex<Int64>(0)
        let seen = Gate()
        var options = DeliveryOptions()
        options.maxInFlightRecords = 40
        options.retry = .forever
        let clock = ManualClock()
        let source = ScriptedSource(
            journal: Journal(),
            traits: SourceTraits(canHoldBackPartitions: true),
            onPoll: { request in
                let names = request.heldBack.map(\.name)
                requests.withLock { $0.append(names) }
                if names == ["bad"] {
                    seen.open()
                    isBusy.withLock { $0 = false }
                }
                let number = next.withLock { next in
                    next += 1
                    return next
                }
                guard number < 200 else { return .end }
                let both = records(number...number, partition: good)
                return SourceBatch(names.isEmpty ? records(number...number, partition: bad) + both : both)
            }
        )
        let sink = ScriptedSink(
            journal: Journal(),
            onPut: { batch in
                guard isBusy.withLock(\.self) else { return .delivered }
                let failed = batch.indices.filter { batch[$0].partition == bad }
                return .verdicts(Dictionary(uniqueKeysWithValues: failed.map { ($0, .retry()) }))
            }
        )
        let pipeline = Pipeline(
            "p",
            from: source,
            to: sink,
            offsets: InMemoryOffsetStore(),
            options: options,
            clock: clock.connectorClock
        )
        let counts = try await clock.ticking(by: .milliseconds(2)) { try await pipeline.run() }
        #expect(requests.withLock { $0.contains(["bad"]) })
        #expect(counts.delivered == counts.polled && counts.polled >= 200)
    }

    @Test("S68: a source that waits in its poll is told when a partition is held back no longer")
    func heldBackNoLonger() async throws {
        let source = LeavingOutSource()
        let isBusy = Mutex(true)
        var options = DeliveryOptions()
        options.maxInFlightRecords = 20
        options.retry = .forever
        let clock = ManualClock()
        let sink = ScriptedSink(
            journal: Journal(),
            onPut: { _ in
                source.puts.notify()
                return isBusy.withLock(\.self) ? .verdicts([0: .retry(), 1: .notTried]) : .delivered
            }
        )
        let pipeline = Pipeline(
            "p",
            from: source,
            to: sink,
            offsets: InMemoryOffsetStore(),
            options: options,
            clock: clock.connectorClock
        )
        let counts = try await clock.ticking(by: .milliseconds(2)) {
            async let counts = pipeline.run()
            try await source.leavesOut.pass()
            isBusy.withLock { $0 = false }
            return try await counts
        }
        #expect(counts.committed == 100 && counts.polled == 100)
    }

    @Test(
        "G11: a stop inside a back-off of an hour is over at once",
        arguments: ["put", "poll", "flush", "start", "function"]
    )
    func stopInBackOff(call: String) async throws {
        let clock = ManualClock()
        let busy = ConnectorError(.retryable, "busy", retryAfter: .seconds(3600))
        let script = Script([SourceBatch(records(1...2))]) {
            if call == "poll" { throw busy }
            try await clock.connectorClock.sleep(for: .seconds(1_000_000))
            return .end
        }
        var options = DeliveryOptions()
        options.commitInterval = .milliseconds(1)
        let pipeline = Pipeline(
            "p",
            from: ScriptedSource(journal: Journal(), onPoll: { _ in try await script.next() }),
            through: call == "function" ? [InlineFunction { _ in throw busy }] : [],
            to: ScriptedSink(
                journal: Journal(),
                onStart: { _ in if call == "start" { throw busy } },
                onPut: { _ in if call == "put" { throw busy } else { return .delivered } },
                onFlush: { if call == "flush" { throw busy } }
            ),
            offsets: InMemoryOffsetStore(),
            options: options,
            clock: clock.connectorClock
        )
        await withTaskGroup(of: Void.self) { group in
            group.addTask { _ = try? await pipeline.run() }
            if call == "flush" { await clock.sleepers(atLeast: 1); clock.advance(by: .milliseconds(10)) }
            await clock.sleepers(atLeast: 1)
            // Nobody moves the clock from here on.
            pipeline.stop()
            await group.waitForAll()
        }
        #expect(pipeline.status.state == .stopped)
    }

    @Test("exactly once is refused with the reason where it cannot be given")
    func refused() async throws {
        var options = DeliveryOptions()
        options.guarantee = .exactlyOnce
        options.lanes = .partitionAndKey
        let error = await failure(
            of: Pipeline(
                "p",
                from: ScriptedSource(journal: Journal(), traits: SourceTraits(isReplayable: false)),
                to: ScriptedSink(journal: Journal()),
                offsets: InMemoryOffsetStore(),
                options: options
            )
        )
        #expect(error?.code == .invalidConfiguration)
        for reason in ["cannot read again", "lanes go by key", "neither positions nor checkpoints"] {
            #expect(error?.message.contains(reason) == true, "\(reason)")
        }
    }
}

/// Has one partition of a hundred records; while that is held back, its poll waits to be told that it is not.
private actor LeavingOutSource: HoldObserving {
    nonisolated let leavesOut = Gate()
    /// Until the partition is held back it is read once for each put, so that the sink's task gets to see what comes.
    nonisolated let puts = ChangeSignal()
    private var hasLeftOut = false
    private let changed = ChangeSignal()
    private var next: Int64 = 0

    nonisolated var traits: SourceTraits { SourceTraits(canHoldBackPartitions: true) }

    func poll(_ request: PollRequest) async throws -> SourceBatch {
        if next > 0, !hasLeftOut, request.heldBack.isEmpty { try await puts.wait(beyond: puts.count) }
        while !request.heldBack.isEmpty {
            hasLeftOut = true
            let count = changed.count
            if request.heldBack.isEmpty { break }
            leavesOut.open()
            try await changed.wait(beyond: count)
        }
        guard next < 100 else { return .end }
        defer { next += 2 }
        return SourceBatch(records(next...next + 1))
    }

    func heldBackPartitionsChanged(to partitions: [RecordPartition]) async { changed.notify() }
}

/// Fails and rests at random, and watches the order of each lane.
private final class UnsteadySink: Sink {
    private struct State {
        var generator: SeededGenerator
        var newest: [RecordLane: Int] = [:]
        var busy: Set<RecordLane> = []
        var running = 0
        var mostAtOnce = 0
        var disorder: String?

        mutating func apply(_ batch: RecordBatch) throws -> PutResult {
            if Int.random(in: 0..<8, using: &generator) == 0 { throw ConnectorError(.retryable, "busy") }
            var verdicts: [Int: RecordVerdict] = [:]
            var stopped: Set<RecordLane> = []
            for index in batch.indices {
                let lane = batch.lane(at: index)
                if stopped.contains(lane) {
                    verdicts[index] = .notTried
                } else if Int.random(in: 0..<20, using: &generator) == 0 {
                    verdicts[index] = .retry()
                    stopped.insert(lane)
                } else {
                    let number = Int(batch[index].data.text ?? "") ?? 0
                    if number <= newest[lane, default: 0] {
                        disorder = "\(number) behind \(newest[lane] ?? 0) of \(lane)"
                    }
                    newest[lane] = number
                }
            }
            return .verdicts(verdicts)
        }
    }

    let traits: SinkTraits
    private let byKey: Bool
    private let state: Mutex<State>

    init(seed: UInt64, puts: Int, preferred: Int?, byKey: Bool) {
        traits = SinkTraits(
            maxConcurrentPuts: puts,
            preferredBatch: SinkTraits.PreferredBatch(maxRecords: preferred)
        )
        self.byKey = byKey
        state = Mutex(State(generator: SeededGenerator(seed: seed)))
    }

    var disorder: String? { state.withLock(\.disorder) }
    var mostAtOnce: Int { state.withLock(\.mostAtOnce) }

    func put(_ batch: RecordBatch) async throws -> PutResult {
        let lanes = Set(batch.indices.map { batch.lane(at: $0) })
        let rest = state.withLock { state in
            state.running += 1
            state.mostAtOnce = max(state.mostAtOnce, state.running)
            if batch.lanesByKey != byKey { state.disorder = "the lanes are not those of the options" }
            if !state.busy.isDisjoint(with: lanes) { state.disorder = "two puts of one lane at once" }
            state.busy.formUnion(lanes)
            return Int.random(in: 0..<4, using: &state.generator)
        }
        for _ in 0..<rest { await Task.yield() }
        return try state.withLock { state in
            state.running -= 1
            state.busy.subtract(lanes)
            return try state.apply(batch)
        }
    }

    func flush() async throws {}
}
