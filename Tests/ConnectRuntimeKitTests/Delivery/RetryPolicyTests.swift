// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Synchronization
import Testing

@testable import ConnectRuntimeKit

@Suite("Retry policy")
struct RetryPolicyTests {
    private static let smallest = PipelineRandomness { 0 }
    private static let largest = PipelineRandomness { .max }
    private static let begin = ConnectorClock.Instant(nanoseconds: 7)

    /// Policies with values that a user may write, sensible or not.
    private static let policies: [RetryPolicy] = [
        RetryPolicy(),
        RetryPolicy(firstDelay: .zero, maxDelay: .zero),
        RetryPolicy(firstDelay: .nanoseconds(1), maxDelay: .nanoseconds(3)),
        RetryPolicy(firstDelay: .seconds(60), maxDelay: .seconds(1)),
        RetryPolicy(firstDelay: .seconds(-5), maxDelay: .seconds(-1)),
        RetryPolicy(firstDelay: .seconds(1), maxDelay: .seconds(Int64.max)),
        RetryPolicy(firstDelay: .seconds(Int64.max), maxDelay: .seconds(Int64.max)),
    ]

    @Test("An outage that has lasted leaves a fault all of its attempts, and a fault an outage its time")
    func eachPolicyCountsItsOwn() {
        let sink = InMemorySink(InMemoryLog())
        let options = DeliveryOptions.with { $0.retry = RetryPolicy(maxAttempts: 3) }
        let retrier = PipelineRun(Pipeline("p", from: GeneratorSource(), to: sink, options: options)).retrier
        var failures = Retrier.Failures()
        let (outage, fault) = (ConnectorError(.notConnected, "away"), ConnectorError(.retryable, "busy"))
        for _ in 0..<12 { #expect(retrier.delay(after: outage, &failures) != nil) }
        #expect((0..<3).map { _ in retrier.delay(after: fault, &failures) != nil } == [true, true, false])
        #expect(retrier.delay(after: outage, &failures) != nil)
        #expect(failures.count == 16)
    }

    @Test("S80: a thousand failures never give a delay that is not positive or over the limit", arguments: policies)
    func bounded(policy: RetryPolicy) {
        let cap = max(policy.maxDelay, .milliseconds(1))
        for randomness in [Self.smallest, Self.largest, .system] {
            for count in 0...1000 {
                let delay = policy.delay(afterFailures: count, randomness)
                #expect(delay > .zero && delay <= cap)
            }
            #expect(policy.delay(afterFailures: .max, randomness) <= cap)
        }
    }

    @Test("S48: the longest delay doubles from failure to failure, up to the limit")
    func doubles() {
        let policy = RetryPolicy(firstDelay: .milliseconds(100), maxDelay: .seconds(1))
        let delays = (1...6).map { policy.delay(afterFailures: $0, Self.largest) }
        #expect(
            delays == [.milliseconds(100), .milliseconds(200), .milliseconds(400), .milliseconds(800)]
                + [.seconds(1), .seconds(1)]
        )
    }

    @Test("S48: the jitter takes any part of the delay, and comes from the pipeline's own chance")
    func jitter() {
        let generator = Mutex(SeededGenerator(seed: 1))
        let randomness = PipelineRandomness { generator.withLock { $0.next() } }
        let policy = RetryPolicy(firstDelay: .seconds(1), maxDelay: .seconds(1))
        let delays = (0..<1000).map { _ in policy.delay(afterFailures: 1, randomness) }
        #expect(delays.min() ?? .zero < .milliseconds(50))
        #expect(delays.max() ?? .zero > .milliseconds(950))
        #expect(delays.filter { $0 < .milliseconds(500) }.count > 400)
        #expect(policy.delay(afterFailures: 9, Self.smallest) == .milliseconds(1))
    }

    @Test(
        "S79 S80: how often a call is made",
        arguments: [
            (RetryPolicy.never, 0, true), (.never, 1, false), (RetryPolicy(maxAttempts: 3), 2, true),
            (RetryPolicy(maxAttempts: 3), 3, false), (.forever, 1, true), (.forever, .max, true),
            (RetryPolicy(maxAttempts: 0), 1, false), (RetryPolicy(maxAttempts: -1), 1, false),
        ]
    )
    func attempts(policy: RetryPolicy, failures: Int, isAllowed: Bool) {
        let far = Self.begin.advanced(by: .seconds(1_000_000))
        #expect(policy.allows(failures: failures, since: Self.begin, at: far) == isAllowed)
    }

    @Test("S80: after the time limit no attempt is begun", arguments: [(0, true), (9_999, true), (10_000, false)])
    func timeLimit(milliseconds: Int, isAllowed: Bool) {
        let policy = RetryPolicy(maxAttempts: nil, timeLimit: .seconds(10))
        let now = Self.begin.advanced(by: .milliseconds(milliseconds))
        #expect(policy.allows(failures: 1, since: Self.begin, at: now) == isAllowed)
        #expect(policy.allows(failures: 1, since: nil, at: now))
    }
}

@Suite("Limit of failures")
struct FailureWindowTests {
    /// The numbers of the records that are bad, counted from 0, and at which of them it is too much.
    @Test(
        "m of the last n: too much is told at the m-th bad record among the last n, and not before",
        arguments: [
            (ErrorTolerance.Limit(1, ofLast: 10), [5], 5),
            (.init(2, ofLast: 10), [0, 9], 9),
            (.init(2, ofLast: 10), [0, 10, 20, 30], nil),
            (.init(3, ofLast: 10), [0, 5, 10, 11], 11),
            (.init(3, ofLast: 3), [0, 1, 3, 4, 6, 7, 8], 8),
            (.init(2, ofLast: 1), [0, 1, 2, 3], nil),
            (.init(0, ofLast: 0), [4], 4),
        ] as [(ErrorTolerance.Limit, [Int], Int?)]
    )
    func window(limit: ErrorTolerance.Limit, bad: [Int], stopsAt: Int?) {
        var window = FailureWindow(limit)
        let tooMuch = bad.first { window.note(settled: $0) }
        #expect(tooMuch == stopsAt)
    }

    @Test("without a limit nothing is too much")
    func unlimited() {
        var window = FailureWindow(nil)
        let isTooMuch = (0..<1000).contains { window.note(settled: $0) }
        #expect(!isTooMuch)
    }
}
