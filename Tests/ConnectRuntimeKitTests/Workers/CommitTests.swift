// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Synchronization
import Testing

@Suite("Pipeline: commits", .timeLimit(.minutes(10)))
struct CommitTests {
    private let journal = Journal()
    private let store = InMemoryOffsetStore()

    @Test("S43 S55 G1: a failing flush commits nothing, neither in the store nor at the source")
    func failingFlush() async throws {
        let script = Script([SourceBatch(records(1...3))])
        let sink = ScriptedSink(journal: journal, onFlush: { throw ConnectorError(.fatal, "fsync failed") })
        let source = ScriptedSource(journal: journal, onPoll: { _ in try await script.next() })
        let error = await #expect(throws: ConnectorError.self) {
            try await Pipeline("p", from: source, to: sink, offsets: store).run()
        }
        #expect(error?.message == "fsync failed")
        #expect(try await store.stored("p").isEmpty)
        #expect(!journal.entries.contains { $0.hasPrefix("source.commit") })
    }

    @Test("S42 G1: a source that cannot take note of a commit is told again, and delivery is not disturbed")
    func failingSourceCommit() async throws {
        let failures = Mutex(2)
        let script = Script((1...5).map { SourceBatch(records($0...$0), quiet: .zero) })
        let source = ScriptedSource(
            journal: journal,
            onPoll: { _ in try await script.next() },
            onCommit: { _ in
                let fails = failures.withLock { left in
                    left -= 1
                    return left >= 0
                }
                if fails { throw ConnectorError(.notConnected, "away") }
            }
        )
        let counts = try await Pipeline("p", from: source, to: ScriptedSink(journal: journal), offsets: store).run()
        #expect(counts.committed == 5)
        #expect(try await store.stored("p").first?.position.offset == RecordOffset(5))
    }

    @Test(
        "S42 G1: the last commit is made again as the policy says where the upstream keeps the positions",
        arguments: [2, 9]
    )
    func lastCommit(failures: Int) async throws {
        let (journal, clock, left) = (Journal(), ManualClock(), Countdown(failures))
        let script = Script([SourceBatch(records(0...4))])
        let pipeline = Pipeline(
            "p",
            from: ScriptedSource(
                journal: journal,
                traits: SourceTraits(positions: .upstream),
                onPoll: { _ in try await script.next() },
                onCommit: { _ in
                    guard left.next() else { return }
                    throw ConnectorError(.retryable, "not now")
                }
            ),
            to: ScriptedSink(journal: Journal()),
            options: .with { $0.retry.maxAttempts = 5 },
            clock: clock.connectorClock
        )
        let outcome = try await clock.ticking(by: .milliseconds(20)) { await ending(of: pipeline) }
        #expect(outcome.error == nil && outcome.counts.delivered == 5)
        #expect(journal.count("source.commit :4") == min(failures + 1, 5))
        #expect(outcome.counts.committed == (failures < 5 ? 5 : 0))
    }

    @Test("S50: what is delivered is committed when the interval has passed, while the source keeps returning records")
    func interval() async throws {
        let clock = ManualClock()
        let next = Mutex<Int64>(0)
        let committed = Gate()
        let source = ScriptedSource(
            journal: journal,
            onPoll: { _ in
                await Task.yield()
                let number = next.withLock { next in
                    next += 1
                    return next
                }
                return SourceBatch(records(number...number))
            },
            onCommit: { _ in committed.open() }
        )
        var options = DeliveryOptions()
        options.maxUncommittedRecords = .max
        let pipeline = Pipeline(
            "p",
            from: source,
            to: CountingSink(),
            offsets: store,
            options: options,
            clock: clock.connectorClock
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await pipeline.run() }
            group.addTask {
                while !Task.isCancelled {
                    await Task.yield()
                    clock.advance(by: .milliseconds(5))
                }
            }
            try await committed.pass()
            pipeline.stop()
            try await group.next()
            group.cancelAll()
        }
        #expect(pipeline.status.counts.committed > 0)
    }

    @Test("S14 G3: at the limit of uncommitted records polling rests until a commit has made room")
    func uncommittedLimit() async throws {
        let flushes = Gate()
        let next = Mutex<Int64>(0)
        var options = DeliveryOptions()
        options.maxPollRecords = 10
        options.maxUncommittedRecords = 50
        let source = ScriptedSource(
            journal: journal,
            onPoll: { request in
                let first = next.withLock { next in
                    defer { next += 10 }
                    return next
                }
                return first >= 200 ? .end : SourceBatch(records(first...first + 9))
            }
        )
        let sink = ScriptedSink(journal: journal, onFlush: { try await flushes.pass() })
        let pipeline = Pipeline("p", from: source, to: sink, offsets: store, options: options)
        async let counts = pipeline.run()
        await flushes.arrivals()
        #expect(journal.count("source.poll") == 5)
        flushes.open()
        #expect(try await counts.committed == 200)
    }

    @Test("G10: with a sink that hangs, no more is polled than may be in flight", arguments: [100, 1_000_000])
    func boundedMemory(size: Int) async throws {
        let (hang, resting) = (Gate(), Gate())
        let next = Mutex<Int64>(0)
        var options = DeliveryOptions()
        options.maxPollRecords = 2
        options.maxInFlightRecords = 64
        options.maxInFlightBytes = 4_000_000
        let source = RestingSource(resting: resting) { request in
            let number = next.withLock { next in
                next += 1
                return next
            }
            let data = RecordData.bytes(Array(repeating: UInt8(1), count: size))
            return number > 300 ? .end : SourceBatch([ConnectorRecord(data, offset: RecordOffset(number))])
        }
        let sink = CountingSink { _ in try await hang.pass() }
        let pipeline = Pipeline(
            "p",
            from: source,
            to: sink,
            offsets: store,
            options: options
        )
        async let counts = pipeline.run()
        try await resting.pass()
        let polled = pipeline.status.counts.polled - pipeline.status.counts.delivered
        #expect(polled <= (size == 100 ? 64 : 5))
        #expect(polled > 2, "batches were queued")
        hang.open()
        #expect(try await counts.delivered == 300)
    }

    @Test("a sink that wants time between two commits is not flushed in a pause of the source, but at the end")
    func minimumInterval() async throws {
        let clock = ManualClock()
        let waiting = Gate()
        let script = Script([SourceBatch(records(1...2), quiet: .zero)]) {
            waiting.open()
            try await Task.sleep(for: .seconds(3600))
            return .end
        }
        let pipeline = Pipeline(
            "p",
            from: ScriptedSource(journal: journal, onPoll: { _ in try await script.next() }),
            to: ScriptedSink(journal: journal, traits: SinkTraits(minCommitInterval: .seconds(60))),
            offsets: store,
            clock: clock.connectorClock
        )
        async let counts = pipeline.run()
        try await waiting.pass()
        for _ in 0..<10 {
            await clock.sleepers()
            for _ in 0..<20 { await Task.yield() }
            clock.advance(by: .seconds(1))
        }
        #expect(journal.count("sink.flush") == 0)
        pipeline.stop()
        #expect(try await counts.committed == 2)
        #expect(journal.count("sink.flush") == 1)
    }

    @Test("a sink that wants time between two commits gets it from a source that acknowledges its records as well")
    func minimumIntervalOfAcknowledgements() async throws {
        let clock = ManualClock()
        let source = TokenSource(journal, count: 3, staysOpen: true)
        let traits = SinkTraits(minCommitInterval: .seconds(60))
        let pipeline = Pipeline(
            "p",
            from: source,
            to: ScriptedSink(journal: journal, traits: traits),
            clock: clock.connectorClock
        )
        async let counts = pipeline.run()
        while pipeline.status.counts.delivered < 3 { await Task.yield() }
        for _ in 0..<10 {
            await clock.sleepers()
            for _ in 0..<20 { await Task.yield() }
            clock.advance(by: .seconds(1))
        }
        #expect(journal.count("sink.flush") == 0 && source.acknowledged.isEmpty)
        pipeline.stop()
        #expect(try await counts.committed == 3)
        #expect(journal.count("sink.flush") == 1 && source.acknowledged.count == 3)
    }

    @Test("a sink that wants time between two commits is flushed in time where commits are wanted at once")
    func minimumIntervalAtOnce() async throws {
        let clock = ManualClock()
        let (waiting, flushed) = (Gate(), Gate())
        let script = Script([SourceBatch(records(1...2), quiet: .zero)]) {
            waiting.open()
            try await Task.sleep(for: .seconds(3600))
            return .end
        }
        var options = DeliveryOptions()
        options.commitInterval = .zero
        let traits = SinkTraits(minCommitInterval: .seconds(60))
        let pipeline = Pipeline(
            "p",
            from: ScriptedSource(journal: journal, onPoll: { _ in try await script.next() }),
            to: ScriptedSink(journal: journal, traits: traits, onFlush: { flushed.open() }),
            offsets: store,
            options: options,
            clock: clock.connectorClock
        )
        async let counts = pipeline.run()
        try await waiting.pass()
        let advancing = Task {
            while !Task.isCancelled {
                await clock.sleepers()
                clock.advance(by: .seconds(10))
                await Task.yield()
            }
        }
        try await flushed.pass()
        advancing.cancel()
        pipeline.stop()
        #expect(try await counts.committed == 2)
    }

    @Test("S33: a source that returns nothing is asked again, and what was delivered before is committed")
    func emptyPolls() async throws {
        let empty = Array(repeating: SourceBatch(), count: 50)
        let script = Script([SourceBatch(records(1...2))] + empty + [SourceBatch(quiet: .zero)] + empty)
        let source = ScriptedSource(journal: journal, onPoll: { _ in try await script.next() })
        let counts = try await Pipeline("p", from: source, to: ScriptedSink(journal: journal), offsets: store).run()
        #expect(counts.committed == 2)
        #expect(journal.count("source.poll") == 103)
        #expect(!journal.entries.contains("sink.put "), "an empty batch is not put")
    }

    @Test("S17 S75: progress marks are committed although no record was delivered")
    func progressMarks() async throws {
        let mark = RecordPosition(partition: RecordPartition("t"), offset: RecordOffset("read-to-here"))
        let script = Script([SourceBatch(progress: [mark]), SourceBatch(progress: [mark], quiet: .zero)])
        let source = ScriptedSource(journal: journal, onPoll: { _ in try await script.next() })
        try await Pipeline("p", from: source, to: ScriptedSink(journal: journal), offsets: store).run()
        #expect(try await store.stored("p").map(\.position) == [mark])
    }
}

/// Does before each put, counted from 0, what a test wants, and keeps nothing.
final class CountingSink: Sink {
    private let puts = Mutex(0)
    private let beforePut: @Sendable (_ put: Int) async throws -> Void

    init(beforePut: @escaping @Sendable (_ put: Int) async throws -> Void = { _ in }) { self.beforePut = beforePut }

    func put(_ batch: RecordBatch) async throws -> PutResult {
        let put = puts.withLock { puts in
            defer { puts += 1 }
            return puts
        }
        try await beforePut(put)
        return .delivered
    }

    func flush() async throws {}
}

/// A source that tells when polling rests.
struct RestingSource: FlowObserving {
    let resting: Gate
    let onPoll: @Sendable (PollRequest) async throws -> SourceBatch

    func poll(_ request: PollRequest) async throws -> SourceBatch { try await onPoll(request) }
    func pollingWillRest() async { resting.open() }
    func pollingWillResume() async {}
}

/// True so many times, then false.
private final class Countdown: Sendable {
    private let left: Mutex<Int>

    init(_ count: Int) { left = Mutex(count) }

    func next() -> Bool {
        left.withLock { left in
            left -= 1
            return left >= 0
        }
    }
}
