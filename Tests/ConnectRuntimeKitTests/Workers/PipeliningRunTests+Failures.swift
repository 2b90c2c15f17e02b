// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Synchronization
import Testing

@testable import ConnectRuntimeKit

extension PipeliningRunTests {
    @Test("what is bad in a batch is not looked for among the records that do not wait, as it may be one that does")
    func invalidBehind() async throws {
        let sink = sink(
            .success([0: .retry(), 1: .notTried]),
            .failure(ConnectorError(.invalidRecord, "one of them is bad"))
        )
        let options = DeliveryOptions.with { $0.onError = .drop }
        // The first batch is of lane a, the second of both.
        let logs = [LogSource.Log("a", count: 3), LogSource.Log("b", count: 1)]
        let outcome = try await run(pipeline(sink, logs: logs, batch: 3, options))
        #expect(outcome.error == nil && outcome.counts.delivered == 4 && outcome.counts.dropped == 0)
        #expect(sink.rows(of: "a") == ["a0", "a1", "a2"] && sink.rows(of: "b") == ["b0"])
    }

    @Test("a batch of which nothing was tried behind a bad record is no outage: it is put again at once")
    func untriedBehind() async throws {
        let begun = Gate()
        let sink = PipeSink(
            traits: SinkTraits(preferredBatch: SinkTraits.PreferredBatch(maxRecords: 1)),
            ready: polled,
            answer: { if $0 == 0 { try await begun.pass() } },
            { number, _ in
                if number == 1 { begun.open() }
                return number == 0 ? .failure(ConnectorError(.invalidRecord, "bad")) : .success([:])
            }
        )
        let options = DeliveryOptions.with {
            $0.onError = .drop
            $0.outage = .never
        }
        let outcome = try await run(pipeline(sink, logs: [.init("a", count: 6)], batch: 1, options))
        #expect(outcome.error == nil && outcome.counts.delivered == 5 && outcome.counts.dropped == 1)
        #expect(sink.rows == (1..<6).map { "a\($0)" })
    }

    /// The second put of `a0` is begun behind that of `b6`; both fail.
    @Test("G5: what is put again behind another failed batch does not wait behind itself")
    func repeatedBehind() async throws {
        let first = Mutex<[String]>([])
        let (begunB6, begunAgain) = (Gate(), Gate())
        let sink = PipeSink(
            ready: polled,
            answer: { [clock] number in
                switch first.withLock({ $0[number] }) {
                case "b4":
                    try await begunB6.pass()
                    clock.advance(by: .seconds(1000))
                case "b6": try await begunAgain.pass()
                default: break
                }
            },
            { _, batch in
                let times = first.withLock { first in
                    first.append(batch[0].text)
                    return first.count { $0 == batch[0].text }
                }
                switch (batch[0].text, times) {
                case ("a0", 1): return .success([0: .retry(after: .seconds(1000)), 1: .notTried])
                case ("a0", 2):
                    begunAgain.open()
                    return .success([0: .retry(), 1: .notTried])
                case ("b6", 1):
                    begunB6.open()
                    return .success([0: .retry(), 1: .notTried])
                default: return .success([:])
                }
            }
        )
        let logs = [LogSource.Log("a", count: 6), LogSource.Log("b", count: 12)]
        let outcome = try await run(pipeline(sink, logs: logs))
        #expect(outcome.error == nil && outcome.counts.committed == 18)
        for log in logs { #expect(sink.rows(of: log.partition.name) == log.entries) }
        #expect(first.withLock { $0.count { $0 == "a0" } } == 3)
    }

    @Test(
        "nothing is put before the longest wait is over that the sink asked for, whatever became of the next batch",
        arguments: [[100, 1000], [1000, 100], [1000]]
    )
    func longestWait(milliseconds: [Int]) async throws {
        let waits = milliseconds.map {
            PipeSink.Word.failure(ConnectorError(.throttled, "slowly", retryAfter: .milliseconds($0)))
        }
        let start = clock.now
        let repeated = Mutex<[Duration]>([])
        let begun = Gate()
        let sink = PipeSink(
            ready: polled,
            answer: { if $0 == 0 { try await begun.pass() } },
            { [clock] number, _ in
                if number == 1 { begun.open() }
                if number > 1 { repeated.withLock { $0.append(start.duration(to: clock.now)) } }
                return number < waits.count ? waits[number] : .success([:])
            }
        )
        // Of one lane: the second batch is not tried.
        let logs = waits.count == 1 ? [LogSource.Log("a", count: 4)] : ["a", "b"].map { LogSource.Log($0, count: 2) }
        let outcome = try await run(pipeline(sink, logs: logs))
        #expect(outcome.error == nil && outcome.counts.committed == 4)
        #expect(repeated.withLock { $0.allSatisfy { $0 >= .milliseconds(1000) } && !$0.isEmpty })
    }

    @Test(
        "behind a lane that waits, what is to be put again waits as well, and what is rejected is not put again",
        arguments: [true, false]
    )
    func verdictBehind(isRejected: Bool) async throws {
        let puts = Mutex<[String]>([])
        let bad = RecordVerdict.reject(ConnectorError(.invalidRecord, "bad"))
        let sink = AnsweringSink { [polled] batch in
            try await polled.pass()
            let count = puts.withLock { puts in
                puts.append(batch[0].text)
                return puts.count
            }
            switch count {
            case 1: return .verdicts([0: .retry(after: .seconds(1)), 1: .notTried])
            case 2: return .verdicts([0: isRejected ? bad : .retry(), 1: .notTried])
            default: return .delivered
            }
        }
        let options = DeliveryOptions.with { $0.onError = .drop }
        let outcome = try await run(pipeline(sink, logs: [.init("a", count: 4)], options))
        #expect(outcome.error == nil && outcome.counts.delivered == (isRejected ? 3 : 4) && outcome.counts.isBalanced)
        #expect(puts.withLock { $0 } == ["a0", "a2", "a0", isRejected ? "a3" : "a2"])
    }

    @Test("the one bad record of a batch is found by halving it")
    func narrows() async throws {
        let puts = Atomic(0)
        let sink = AnsweringSink { batch in
            let isOverdue = puts.add(1, ordering: .relaxed).newValue > 100
            guard batch.contains(where: { $0.text == "a5" }) else { return .delivered }
            throw ConnectorError(isOverdue ? .fatal : .invalidRecord, "one of them is bad")
        }
        let options = DeliveryOptions.with { $0.onError = .drop }
        let outcome = try await run(pipeline(sink, options))
        #expect(outcome.error == nil && outcome.counts.delivered == 11 && outcome.counts.dropped == 1)
    }

    @Test("a sink whose connection was lost is connected again before the next batch is begun, once all have ended")
    func reconnects() async throws {
        let away = PipeSink.Word.failure(ConnectorError(.notConnected, "away"))
        let inner = sink(away, away)
        let sink = ReconnectingPipeSink(inner)
        let logs = [LogSource.Log("a", count: 2), LogSource.Log("b", count: 2)]
        let outcome = try await run(pipeline(sink, logs: logs))
        #expect(outcome.error == nil && outcome.counts.committed == 4)
        #expect(sink.calls == ["begin", "begin", "reconnect", "begin", "begin"])
    }

    @Test("behind a batch that could not be begun no other is, before it is put again")
    func failedBeginning() async throws {
        let inner = PipeSink(ready: polled) { _, _ in .success([:]) }
        let sink = ReconnectingPipeSink(inner) { number in
            if number == 1 { throw ConnectorError(.retryable, "not handed over") }
        }
        let outcome = try await run(pipeline(sink, logs: [.init("a", count: 12)]))
        #expect(outcome.error == nil && outcome.counts.committed == 12)
        #expect(inner.rows == (0..<12).map { "a\($0)" })
    }
}
