// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Testing

@testable import ConnectRuntimeKit

@Suite("Retry policy and error tolerance")
struct RetryPolicyTests {
    @Test("S48 S80: a thousand failures never give a delay of nothing, or one over the limit")
    func delays() {
        let policy = RetryPolicy(firstDelay: .milliseconds(100), maxDelay: .seconds(30), maxAttempts: nil)
        for chance in [PipelineRandomness.longest, PipelineRandomness { 0 }, .seeded(3)] {
            for count in 1...1000 {
                let delay = policy.delay(afterFailures: count, chance)
                #expect(delay >= .milliseconds(1) && delay <= .seconds(30), "after \(count)")
            }
        }
    }

    @Test(
        "S48: the ceiling doubles up to the limit",
        arguments: [(1, 100), (2, 200), (3, 400), (9, 25600), (10, 30000), (500, 30000)]
    )
    func ceilings(count: Int, milliseconds: Int) {
        let policy = RetryPolicy(firstDelay: .milliseconds(100), maxDelay: .seconds(30))
        #expect(policy.ceiling(afterFailures: count) == .milliseconds(milliseconds))
    }

    @Test("S80: a limit of zero is a delay of one millisecond, and the longest durations do not overflow")
    func extremes() {
        let none = RetryPolicy(firstDelay: .zero, maxDelay: .zero)
        #expect(none.delay(afterFailures: 7, .longest) == .milliseconds(1))
        let longest = RetryPolicy(firstDelay: .seconds(Int64.max), maxDelay: .seconds(Int64.max))
        #expect(longest.delay(afterFailures: 90, .longest) > .seconds(9_000_000_000))
    }

    @Test("S79: without a number of attempts there is always another one; else there is none behind the last")
    func attempts() {
        let now = ConnectorClock.Instant(nanoseconds: 0)
        #expect(RetryPolicy.forever.allows(failures: 1_000_000, since: now, at: now))
        #expect(RetryPolicy(maxAttempts: 3).allows(failures: 2, since: now, at: now))
        #expect(!RetryPolicy(maxAttempts: 3).allows(failures: 3, since: now, at: now))
        #expect(!RetryPolicy.never.allows(failures: 1, since: now, at: now))
    }

    @Test("S80: no attempt begins behind the time limit")
    func timeLimit() {
        let policy = RetryPolicy(maxAttempts: nil, timeLimit: .seconds(10))
        let first = ConnectorClock.Instant(nanoseconds: 5)
        #expect(policy.allows(failures: 9, since: first, at: first.advanced(by: .milliseconds(9999))))
        #expect(!policy.allows(failures: 9, since: first, at: first.advanced(by: .seconds(10))))
    }

    @Test("m of the last n: only failures among the last records count")
    func window() {
        var window = FailureWindow(ErrorTolerance.Limit(3, ofLast: 10))
        let early = [window.note(settled: 0), window.note(settled: 1)]
        #expect(early == [false, false])
        let late = [window.note(settled: 10), window.note(settled: 11), window.note(settled: 12)]
        #expect(late == [false, false, true], "those of the beginning are forgotten")
        var none = FailureWindow(nil)
        for number in 0..<100 {
            let isTooMany = none.note(settled: number)
            #expect(!isTooMany)
        }
    }
}
