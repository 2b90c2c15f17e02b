// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Synchronization
import Testing

@testable import ConnectRuntimeKit

@Suite("Pipeline: sinks that take the next batch early", .timeLimit(.minutes(5)))
struct PipeliningRunTests {
    let clock = ManualClock()
    private let store = InMemoryOffsetStore()
    /// Open once all records are polled: what a sink may begin then does not depend on who is faster.
    let polled = Gate()

    func pipeline(
        _ sink: any Sink,
        logs: [LogSource.Log] = [.init("a", count: 12)],
        batch: Int = 2,
        staysOpen: Bool = false,
        _ options: DeliveryOptions = DeliveryOptions(),
        observer: any RuntimeObserver = .silent
    ) -> Pipeline {
        let polls = Atomic(0)
        let lastPoll = logs.map { ($0.entries.count + batch - 1) / batch }.max() ?? 0
        let onPoll: @Sendable (PollRequest) -> Void = { [polled] _ in
            if polls.add(1, ordering: .relaxed).newValue > lastPoll { polled.open() }
        }
        return Pipeline(
            "p",
            from: LogSource(logs, batch: batch, staysOpen: staysOpen, onPoll: onPoll),
            to: sink,
            offsets: store,
            options: options,
            clock: clock.connectorClock,
            randomness: PipelineRandomness { 0 },
            observer: observer
        )
    }

    func run(_ pipeline: Pipeline) async throws -> Outcome {
        try await clock.ticking(by: .milliseconds(3)) { await ending(of: pipeline) }
    }

    @Test("batches are begun before the first has ended, up to four")
    func overlaps() async throws {
        let begun = Gate()
        let sink = PipeSink(
            ready: polled,
            answer: { if $0 == 0 { try await begun.pass() } },
            { number, _ in
                if number == 3 { begun.open() }
                return .success([:])
            }
        )
        let outcome = try await run(pipeline(sink, logs: [.init("a", count: 40)]))
        #expect(outcome.error == nil && outcome.counts.committed == 40)
        #expect(sink.rows == (0..<40).map { "a\($0)" })
        #expect(sink.mostAtOnce == 4)
    }

    @Test("a sink that takes several batches at a time is not pipelined")
    func concurrent() async throws {
        let traits = SinkTraits(maxConcurrentPuts: 2, preferredBatch: SinkTraits.PreferredBatch(maxRecords: 2))
        let sink = PipeSink(traits: traits) { _, _ in .success([:]) }
        let outcome = try await run(pipeline(sink))
        #expect(outcome.counts.committed == 12)
        #expect(sink.mostAtOnce == 1)
    }

    enum Trouble: String, CaseIterable {
        case retryable, throttled, notConnected, invalidRecord, retry, notTried, reject, drop

        var word: PipeSink.Word {
            switch self {
            case .retryable: .failure(ConnectorError(.retryable, "busy"))
            case .throttled: .failure(ConnectorError(.throttled, "slowly"))
            case .notConnected: .failure(ConnectorError(.notConnected, "away"))
            case .invalidRecord: .failure(ConnectorError(.invalidRecord, "one of them is bad"))
            case .retry: .success([0: .retry(), 1: .notTried])
            case .notTried: .success([0: .notTried, 1: .notTried])
            case .reject: .success([0: .reject(ConnectorError(.invalidRecord, "bad"))])
            case .drop: .success([0: .drop])
            }
        }

        var leavesOut: Int { self == .reject || self == .drop ? 1 : 0 }
    }

    /// The second is begun before the first has ended: the words of the first two batches are those given.
    func sink(_ first: PipeSink.Word, _ second: PipeSink.Word) -> PipeSink {
        let begun = Gate()
        return PipeSink(
            ready: polled,
            answer: { if $0 == 0 { try await begun.pass() } },
            { number, _ in
                if number == 1 { begun.open() }
                return number == 0 ? first : number == 1 ? second : .success([:])
            }
        )
    }

    @Test(
        "G2 G5: whatever becomes of a batch and of the one begun behind it, each lane is in order",
        arguments: Trouble.allCases,
        [nil] + Trouble.allCases
    )
    func keepsOrder(first: Trouble, second: Trouble?) async throws {
        let sink = sink(first.word, second?.word ?? .success([:]))
        let options = DeliveryOptions.with {
            $0.onError = .drop
            $0.retry = RetryPolicy(firstDelay: .milliseconds(10), maxAttempts: 3)
        }
        let logs = [LogSource.Log("a", count: 12), LogSource.Log("b", count: 12)]
        let outcome = try await run(pipeline(sink, logs: logs, batch: 1, options))
        #expect(outcome.error == nil && outcome.counts.committed == 24 && outcome.counts.isBalanced)
        #expect(outcome.counts.delivered == sink.rows.count)
        // With the first lane stopped, the second batch is not tried, and its own word not heard.
        #expect(outcome.counts.dropped >= first.leavesOut)
        for name in ["a", "b"] {
            let numbers = sink.rows(of: name).compactMap { Int($0.dropFirst()) }
            #expect(numbers == numbers.sorted() && Set(numbers).count == numbers.count)
            #expect(numbers.count >= 10)
        }
    }

    @Test("what was delivered of the second batch is not put again where another lane of the first failed")
    func deliveredBehind() async throws {
        let sink = sink(.success([0: .retry(), 1: .notTried]), .success([:]))
        let logs = [LogSource.Log("a", count: 2), LogSource.Log("b", count: 2)]
        let outcome = try await run(pipeline(sink, logs: logs, batch: 2))
        #expect(outcome.counts.committed == 4)
        #expect(sink.rows == ["b0", "b1", "a0", "a1"])
    }

    @Test("an error that ends the run does so, also where everything waits behind the batch before")
    func fatalBehind() async throws {
        let sink = sink(
            .failure(ConnectorError(.retryable, "busy")),
            .failure(ConnectorError(.invalidConfiguration, "no right to do so"))
        )
        let outcome = try await run(pipeline(sink))
        #expect(outcome.error?.code == .invalidConfiguration)
        #expect(outcome.counts.committed == 0)
    }

    @Test("an outage that two batches meet is one failed attempt")
    func outageIsCountedOnce() async throws {
        let away = PipeSink.Word.failure(ConnectorError(.notConnected, "away"))
        let sink = sink(away, away)
        let options = DeliveryOptions.with {
            $0.outage = RetryPolicy(firstDelay: .milliseconds(10), maxDelay: .milliseconds(10), maxAttempts: 2)
        }
        let logs = [LogSource.Log("a", count: 2), LogSource.Log("b", count: 2)]
        let outcome = try await run(pipeline(sink, logs: logs, batch: 2, options))
        #expect(outcome.error == nil && outcome.counts.committed == 4)
        #expect(sink.rows(of: "a") == ["a0", "a1"] && sink.rows(of: "b") == ["b0", "b1"])
    }

    @Test("G1: a flush waits for all puts")
    func flushes() async throws {
        let sink = PipeSink(answer: { _ in for _ in 0..<3 { await Task.yield() } }, { _, _ in .success([:]) })
        let options = DeliveryOptions.with { $0.commitInterval = .milliseconds(1) }
        let outcome = try await run(pipeline(sink, logs: [.init("a", count: 200)], options))
        #expect(outcome.counts.committed == 200)
        #expect(sink.mostAtOnce > 1)
        #expect(sink.violation == nil, "\(sink.violation ?? "")")
    }

    @Test("G11: a stop waits for both batches, and commits them")
    func stops() async throws {
        let begun = Gate()
        let stopped = Gate()
        let sink = PipeSink(
            ready: polled,
            answer: { _ in try await stopped.pass() },
            { number, _ in
                if number == 1 { begun.open() }
                return .success([:])
            }
        )
        let pipeline = pipeline(sink, logs: [.init("a", count: 4)], staysOpen: true)
        async let outcome = ending(of: pipeline)
        try await begun.pass()
        pipeline.stop()
        while pipeline.status.state != .draining { await Task.yield() }
        for _ in 0..<100 { await Task.yield() }
        #expect(pipeline.status.counts.committed == 0 && sink.isAnswerAwaited)
        stopped.open()
        let counts = await outcome.counts
        #expect(counts.committed == counts.polled && counts.committed == sink.rows.count)
        #expect(sink.rows.count >= 4)
    }

    @Test("a flush has its turn although there is always a put on its way")
    func flushTurn() async throws {
        let begun = Atomic(0)
        let sink = PipeSink(
            ready: polled,
            answer: { number in
                // Until another one is begun behind it, or it is clear that none will be.
                for turn in 0..<200 where turn < 10 || begun.load(ordering: .relaxed) < number + 2 {
                    await Task.yield()
                }
            },
            { number, _ in
                begun.store(number + 1, ordering: .relaxed)
                return .success([:])
            }
        )
        let options = DeliveryOptions.with { $0.commitInterval = .milliseconds(1) }
        let outcome = try await run(pipeline(sink, logs: [.init("a", count: 200)], options))
        #expect(outcome.counts.committed == 200)
        #expect(sink.flushes > 1)
    }

    @Test("a put is timed from its beginning to its answer, and one that is made again is told of")
    func observed() async throws {
        let watcher = DeliveryWatcher { [clock] in
            if $0.kind == .callRetry { clock.advance(by: .seconds(1)) }
        }
        let sink = PipeSink(
            answer: { [clock] _ in clock.advance(by: .milliseconds(5)) },
            { number, _ in number == 0 ? .failure(ConnectorError(.retryable, "busy")) : .success([:]) }
        )
        let pipeline = pipeline(sink, logs: [.init("a", count: 2)], observer: watcher)
        let outcome = await ending(of: pipeline)
        #expect(outcome.error == nil && outcome.counts.committed == 2)
        let spans = watcher.spans(.send)
        #expect(spans.map(\.duration) == [.milliseconds(5), .milliseconds(5)])
        #expect(spans.map(\.errorCode) == ["retryable", nil] && spans.allSatisfy { $0.records == 2 })
        let durations = pipeline.metrics.sinks[0].putDurations
        #expect(durations.count > 0 && durations.sum == 0.005 * Double(durations.count))
        #expect(watcher.events.count { $0.kind == .callRetry && $0.callName == "put" } == 1)
    }

    @Test("G5: in random runs each lane is in order", arguments: 0..<60)
    func random(seed: Int) async throws {
        let generator = Mutex(SeededGenerator(seed: UInt64(seed)))
        let sink = PipeSink(
            traits: SinkTraits(preferredBatch: SinkTraits.PreferredBatch(maxRecords: seed % 2 == 0 ? 5 : nil)),
            answer: { _ in
                let rest = generator.withLock { Int.random(in: 0..<4, using: &$0) }
                for _ in 0..<rest { await Task.yield() }
            },
            { _, batch in generator.withLock { Self.word(batch, &$0) } }
        )
        let options = DeliveryOptions.with {
            $0.retry = RetryPolicy(firstDelay: .milliseconds(5), maxDelay: .milliseconds(50), maxAttempts: nil)
            $0.outage = $0.retry
            $0.maxInFlightRecords = seed % 3 == 0 ? 20 : 200
        }
        let logs = ["a", "b", "c"].map { LogSource.Log($0, count: 100) }
        let outcome = try await run(pipeline(sink, logs: logs, batch: 3, options))
        #expect(outcome.error == nil && outcome.counts.delivered == 300 && outcome.counts.committed == 300)
        for log in logs { #expect(sink.rows(of: log.partition.name) == log.entries) }
    }

    private static func word(_ batch: RecordBatch, _ generator: inout SeededGenerator) -> PipeSink.Word {
        let codes: [ConnectorError.Code] = [.retryable, .throttled, .notConnected, .invalidRecord]
        switch Int.random(in: 0..<10, using: &generator) {
        case 0:
            let code = codes.filter { $0 != .invalidRecord || batch.count > 1 }.randomElement(using: &generator)
            return .failure(ConnectorError(code ?? .retryable, "a fault"))
        case 1, 2:
            return .success([Int.random(in: 0..<batch.count, using: &generator): .retry()])
        case 3:
            let first = Int.random(in: 0..<batch.count, using: &generator)
            return .success(Dictionary(uniqueKeysWithValues: (first..<batch.count).map { ($0, .notTried) }))
        default:
            return .success([:])
        }
    }
}
