// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Synchronization
import Testing

@Suite("Pipeline: puts that throw", .timeLimit(.minutes(10)))
struct PutErrorTests {
    private let journal = Journal()
    private let clock = ManualClock()
    private let store = InMemoryOffsetStore()
    private let output = Output()

    /// Runs one log of numbered entries into a sink, with the clock moving.
    private func run(
        _ sink: any Sink,
        count: Int = 8,
        batch: Int = 4,
        tick: Duration = .milliseconds(1),
        _ options: DeliveryOptions = DeliveryOptions(),
        letters: DeadLetters? = nil
    ) async throws -> Outcome {
        let pipeline = Pipeline(
            "p",
            from: LogSource([.init("a", count: count)], batch: batch),
            to: sink,
            offsets: store,
            deadLetters: letters,
            options: options,
            clock: clock.connectorClock
        )
        return try await clock.ticking(by: tick) { await ending(of: pipeline) }
    }

    /// A sink whose first puts throw.
    private func sink(failing times: Int, _ error: ConnectorError, concurrent: Int = 1) -> ScriptedSink {
        let left = Mutex(times)
        return ScriptedSink(
            journal: journal,
            traits: SinkTraits(maxConcurrentPuts: concurrent),
            onPut: { [output] batch in
                let fails = left.withLock { left in
                    left -= 1
                    return left >= 0
                }
                if fails { throw error }
                output.append(batch)
                return .delivered
            }
        )
    }

    private func texts(_ numbers: Range<Int>) -> [String] { numbers.map { "a\($0)" } }

    @Test(
        "S58 S78 S41: a passing error has the whole batch put again, in order, and counts",
        arguments: [1, 3],
        [1, 4]
    )
    func retryable(times: Int, concurrent: Int) async throws {
        let outcome = try await run(sink(failing: times, ConnectorError(.retryable, "busy"), concurrent: concurrent))
        #expect(outcome.error == nil)
        #expect(output.rows == texts(0..<8))
        #expect(outcome.counts.retried >= times * 4)
        #expect(outcome.counts.delivered == 8 && outcome.counts.committed == 8)
        #expect(
            Array(journal.entries.filter { $0.hasPrefix("sink.put") }.prefix(times + 1)).allSatisfy {
                $0.hasPrefix("sink.put a0,a1,a2,a3")
            }
        )
    }

    @Test("S39 S60 S61: when the attempts are used up, the pipeline stops in front of the batch")
    func attemptsUsedUp() async throws {
        let options = DeliveryOptions.with { $0.retry.maxAttempts = 3 }
        let outcome = try await run(sink(failing: .max, ConnectorError(.retryable, "busy")), options)
        #expect(outcome.error?.code == .retryable)
        #expect(outcome.error?.message.contains("attempts: 3") == true)
        #expect(outcome.counts.delivered == 0 && outcome.counts.committed == 0)
        #expect(journal.count("sink.put a0,a1,a2,a3") == 3)
        #expect(try await store.stored("p").isEmpty)
    }

    @Test("S40 S60: when the attempts are used up, bad records are dropped or dead-lettered, and the rest goes on")
    func attemptsUsedUpTolerated() async throws {
        var options = DeliveryOptions.with {
            $0.retry.maxAttempts = 3
            $0.onError = .drop
        }
        let dropping = try await run(sink(failing: 3, ConnectorError(.retryable, "busy")), count: 8, options)
        #expect(dropping.error == nil)
        #expect(dropping.counts.dropped == 4 && dropping.counts.delivered == 4 && dropping.counts.committed == 8)
        options.onError = .deadLetter
        let letters = Output()
        let store = ScriptedSink(
            journal: Journal(),
            onPut: { batch in
                letters.append(batch)
                return .delivered
            }
        )
        let lettering = try await run(
            sink(failing: 3, ConnectorError(.retryable, "busy")),
            count: 16,
            options,
            letters: .sink(store)
        )
        #expect(lettering.error == nil)
        #expect(lettering.counts.deadLettered == 4 && lettering.counts.delivered == 4 && lettering.counts.isBalanced)
        #expect(letters.count == 4)
    }

    @Test("S80: no attempt is begun after the time limit")
    func timeLimit() async throws {
        let options = DeliveryOptions.with {
            $0.retry = RetryPolicy(firstDelay: .seconds(4), maxDelay: .seconds(3600), maxAttempts: nil)
            $0.retry.timeLimit = .seconds(10)
        }
        let clock = clock.connectorClock
        let newest = Mutex(clock.now)
        let first = Mutex<ConnectorClock.Instant?>(nil)
        let sink = ScriptedSink(
            journal: journal,
            onPut: { _ in
                newest.withLock { $0 = clock.now }
                first.withLock { $0 = $0 ?? clock.now }
                throw ConnectorError(.retryable, "busy")
            }
        )
        let outcome = try await run(sink, tick: .microseconds(200), options)
        #expect(outcome.error?.code == .retryable)
        let begin = try #require(first.withLock { $0 })
        // The clock goes on while the attempt is on its way: seconds under a sanitizer, and never as much as a delay.
        #expect(newest.withLock { $0.since(begin) } <= .seconds(11))
    }

    @Test(
        "S77: an error that will not pass ends the pipeline at once",
        arguments: [
            ConnectorError.Code.fatal, .fenced, .invalidConfiguration, .corruptOffsets, .deadlineExceeded,
        ]
    )
    func fatal(code: ConnectorError.Code) async throws {
        let options = DeliveryOptions.with { $0.onError = .drop }
        let outcome = try await run(sink(failing: 1, ConnectorError(code, "no")), options)
        #expect(outcome.error?.code == code)
        #expect(outcome.counts.delivered == 0)
        #expect(journal.entries.filter { $0.hasPrefix("sink.put") }.count == 1)
    }

    @Test(
        "G9: a record that fails its whole batch is found with few puts, and is the only one given up",
        arguments: [[0], [1], [100], [255], [0, 255], [17, 18]],
        [true, false]
    )
    func bisected(bad: [Int], isOrdered: Bool) async throws {
        let bad = Set(bad.map { "a\($0)" })
        let sink = ScriptedSink(
            journal: journal,
            traits: SinkTraits(isOrdered: isOrdered),
            onPut: { [output] batch in
                if batch.contains(where: { bad.contains($0.text) }) { throw ConnectorError(.invalidRecord, "bad") }
                output.append(batch)
                return .delivered
            }
        )
        let outcome = try await run(sink, count: 256, batch: 256, .with { $0.onError = .drop })
        #expect(outcome.error == nil)
        #expect(outcome.counts.dropped == bad.count && outcome.counts.committed == 256)
        #expect(output.rows == texts(0..<256).filter { !bad.contains($0) })
        let puts = journal.entries.filter { $0.hasPrefix("sink.put") }.count
        #expect(puts <= bad.count * 3 * 9, "\(puts) puts")
    }

    @Test("S39: a record that fails its whole batch stops the pipeline; everything before it is committed")
    func bisectedAndStopped() async throws {
        let sink = ScriptedSink(
            journal: journal,
            onPut: { batch in
                if batch.contains(where: { $0.text == "a5" }) { throw ConnectorError(.invalidRecord, "bad") }
                return .delivered
            }
        )
        let outcome = try await run(sink, count: 12, batch: 12)
        #expect(outcome.error?.code == .invalidRecord)
        #expect(outcome.error?.position?.offset == RecordOffset(5))
        #expect(try await store.stored("p").map(\.position.offset) == [RecordOffset(4)])
    }
}
