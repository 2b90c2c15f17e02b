// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Synchronization
import Testing

@testable import ConnectRuntimeKit

/// A sink that has to connect again after its connection was lost.
private struct ConnectedSink: Sink, Reconnecting {
    let journal: Journal
    var traits = SinkTraits()
    var onReconnect: @Sendable () async throws -> Void = {}
    let onPut: @Sendable (RecordBatch) async throws -> PutResult
    var onFlush: @Sendable () async throws -> Void = {}

    func put(_ batch: RecordBatch) async throws -> PutResult {
        journal.note("put \(batch.map(\.text).joined(separator: ","))")
        return try await onPut(batch)
    }

    func reconnect() async throws {
        journal.note("reconnect")
        try await onReconnect()
    }

    func flush() async throws { try await onFlush() }
}

@Suite("Pipeline: outages of sinks", .timeLimit(.minutes(10)))
struct OutageTests {
    private let journal = Journal()
    private let clock = ManualClock()
    private let store = InMemoryOffsetStore()

    private func pipeline(_ sink: any Sink, count: Int = 4, _ options: DeliveryOptions) -> Pipeline {
        Pipeline(
            "p",
            from: LogSource([.init("a", count: count)], batch: 2),
            to: sink,
            offsets: store,
            options: options,
            clock: clock.connectorClock,
            randomness: PipelineRandomness { 0 }
        )
    }

    @Test("an outage is no attempt; the sink connects again before the next put", arguments: [1, 3])
    func reconnects(times: Int) async throws {
        let left = Mutex(times)
        let isAway = Gate()
        let sink = ConnectedSink(
            journal: journal,
            onReconnect: {
                if left.withLock({ $0 }) > 0 { throw ConnectorError(.notConnected, "still away") }
            },
            onPut: { batch in
                let fails = left.withLock { left in
                    left -= 1
                    return left >= 0
                }
                guard fails else { return .delivered }
                isAway.open()
                throw ConnectorError(.notConnected, "away")
            }
        )
        // The sink comes back by itself after a while.
        let pipeline = pipeline(sink, .with { $0.retry = .never })
        let outcome = try await clock.ticking {
            async let outcome = ending(of: pipeline)
            try await isAway.pass()
            while left.withLock({ $0 }) > 0 {
                for _ in 0..<50 { await Task.yield() }
                left.withLock { $0 -= 1 }
            }
            return await outcome
        }
        #expect(outcome.error == nil)
        #expect(outcome.counts.delivered == 4 && outcome.counts.committed == 4)
        let puts = journal.entries.enumerated().filter { $1.hasPrefix("put a0") }.map(\.offset)
        try #require(puts.count == 2)
        #expect(journal.entries[(puts[0] + 1)..<puts[1]].allSatisfy { $0 == "reconnect" })
        #expect(puts[1] - puts[0] > 1)
    }

    @Test("a sink of dead letters connects again, and gets the time that it asks for")
    func letters() async throws {
        let puts = Mutex(0)
        let letters = ConnectedSink(
            journal: journal,
            onPut: { _ in
                let put = puts.withLock { puts in
                    puts += 1
                    return puts
                }
                switch put {
                case 1: throw ConnectorError(.notConnected, "away")
                case 2: return .verdicts([0: .retry(after: .seconds(7))])
                case 3: return .verdicts([0: .notTried])
                default: return .delivered
                }
            }
        )
        let bad = ConnectorError(.invalidRecord, "bad")
        let pipeline = Pipeline(
            "p",
            from: LogSource([.init("a", count: 1)], batch: 2),
            to: ConnectedSink(journal: Journal(), onPut: { _ in .verdicts([0: .reject(bad)]) }),
            offsets: store,
            deadLetters: .sink(letters),
            options: .with { $0.onError = .deadLetter },
            clock: clock.connectorClock,
            randomness: PipelineRandomness { 0 }
        )
        let outcome = try await clock.ticking { await ending(of: pipeline) }
        #expect(outcome.error == nil)
        #expect(outcome.counts.deadLettered == 1 && outcome.counts.committed == 1)
        #expect(puts.withLock(\.self) == 4 && journal.entries.dropFirst().first == "reconnect", "\(journal.entries)")
        #expect(journal.count("reconnect") == 1)
    }

    @Test("an outage that is longer than its time limit ends the pipeline; nothing is given up")
    func tooLong() async throws {
        let sink = ConnectedSink(journal: journal, onPut: { _ in throw ConnectorError(.notConnected, "away") })
        let options = DeliveryOptions.with {
            $0.onError = .drop
            $0.outage = RetryPolicy(firstDelay: .seconds(1), maxDelay: .seconds(5), maxAttempts: nil)
            $0.outage.timeLimit = .seconds(3)
        }
        let pipeline = pipeline(sink, options)
        let outcome = try await clock.ticking { await ending(of: pipeline) }
        #expect(outcome.error?.code == .notConnected)
        #expect(outcome.counts.dropped == 0 && outcome.counts.committed == 0)
        #expect(journal.count("put a0,a1") > 1)
    }

    @Test("a sink that asks for patience gets it to the nanosecond", arguments: [1, 5_000_000_000] as [Int64], [1, 4])
    func throttled(nanoseconds: Int64, concurrent: Int) async throws {
        let again = Gate()
        let puts = Mutex(0)
        let sink = ConnectedSink(
            journal: journal,
            traits: SinkTraits(maxConcurrentPuts: concurrent),
            onPut: { _ in
                let put = puts.withLock { puts in
                    puts += 1
                    return puts
                }
                if put == 1 { throw ConnectorError(.throttled, "slowly", retryAfter: .nanoseconds(nanoseconds)) }
                again.open()
                return .delivered
            }
        )
        // The shortest wait of the policy is a millisecond.
        let wait = max(nanoseconds, 1_000_000)
        let pipeline = pipeline(sink, .with { $0.retry = .never })
        async let counts = pipeline.run()
        await clock.sleepers(atLeast: 2)
        clock.advance(by: .nanoseconds(wait - 1))
        for _ in 0..<200 { await Task.yield() }
        #expect(puts.withLock { $0 } == 1)
        clock.advance(by: .nanoseconds(1))
        try await again.pass()
        #expect(try await counts.delivered == 4)
    }

    @Test("S80: a system that asks for more patience than the policy has is asked once more, at the limit")
    func patienceHasALimit() async throws {
        let again = Gate()
        let sink = ConnectedSink(
            journal: journal,
            onPut: { [journal] _ in
                if journal.entries.count(where: { $0.hasPrefix("put") }) > 1 { again.open() }
                throw ConnectorError(.throttled, "slowly", retryAfter: .seconds(86_400))
            }
        )
        let pipeline = pipeline(sink, count: 2, .with { $0.outage.timeLimit = .seconds(10) })
        async let error = failure(of: pipeline)
        await clock.sleepers(atLeast: 2)
        clock.advance(by: .milliseconds(9_999))
        for _ in 0..<200 { await Task.yield() }
        #expect(!again.isOpen)
        clock.advance(by: .milliseconds(1))
        #expect(await error?.code == .throttled)
        #expect(again.isOpen)
    }

    @Test(
        "what is to be left alone for long keeps no other lane waiting, and is waited for once",
        arguments: [true, false]
    )
    func duesDoNotPileUp(isOrdered: Bool) async throws {
        let tries = Mutex<[String: Int]>([:])
        let soon = isOrdered ? "b0" : "a1"
        let soonTries = { tries.withLock { $0[soon] ?? 0 } }
        let sink = ConnectedSink(
            journal: journal,
            traits: SinkTraits(isOrdered: isOrdered),
            onPut: { batch in
                var verdicts: [Int: RecordVerdict] = [:]
                for (index, record) in batch.enumerated() {
                    let attempt = tries.withLock { tries in
                        tries[record.text, default: 0] += 1
                        return tries[record.text] ?? 0
                    }
                    let isLate = record.text == "a0"
                    let after = isLate ? Duration.seconds(3600) : .milliseconds(10)
                    if attempt <= (isLate ? 1 : 20) { verdicts[index] = .retry(after: after) }
                }
                return .verdicts(verdicts)
            }
        )
        let run = PipelineRun(
            Pipeline(
                "p",
                // One batch has both, and so has the first put.
                from: LogSource(
                    isOrdered ? [.init("a", count: 1), .init("b", count: 1)] : [.init("a", count: 2)],
                    batch: 2
                ),
                to: sink,
                offsets: store,
                options: .with { $0.retry = .forever },
                clock: clock.connectorClock,
                randomness: PipelineRandomness { 0 }
            )
        )
        async let counts = run.execute()
        while soonTries() < 21 {
            clock.advance(by: .milliseconds(10))
            await Task.yield()
        }
        let armed = run.state.withLock(\.handOver)?.step { state, _ in state.armedDues.count }
        #expect(armed.map { $0 <= 2 } == true)
        #expect(journal.entries.first == "put a0,\(soon)" && tries.withLock { $0["a0"] } == 1)
        clock.advance(by: .seconds(3600))
        #expect(try await counts.delivered == 2)
    }

    @Test("a verdict that asks for patience gets it to the nanosecond, and other partitions do not wait")
    func retryAfter() async throws {
        let (again, others) = (Gate(), Gate())
        let tries = Mutex(0)
        let sink = ConnectedSink(
            journal: journal,
            onPut: { batch in
                if batch.contains(where: { $0.text == "b3" }) { others.open() }
                guard let index = batch.firstIndex(where: { $0.text == "a0" }) else { return .delivered }
                let attempt = tries.withLock { tries in
                    tries += 1
                    return tries
                }
                if attempt == 2 { again.open() }
                guard attempt == 1 else { return .delivered }
                return .verdicts([index: .retry(after: .seconds(5)), index + 1: .notTried])
            }
        )
        let pipeline = Pipeline(
            "p",
            from: LogSource([.init("a", count: 2), .init("b", count: 4)], batch: 2),
            to: sink,
            offsets: store,
            clock: clock.connectorClock,
            randomness: PipelineRandomness { 0 }
        )
        async let counts = pipeline.run()
        try await others.pass()
        await clock.sleepers(atLeast: 2)
        clock.advance(by: .nanoseconds(4_999_999_999))
        for _ in 0..<200 { await Task.yield() }
        #expect(tries.withLock { $0 } == 1)
        clock.advance(by: .nanoseconds(1))
        try await again.pass()
        #expect(try await counts.delivered == 6)
    }
}
