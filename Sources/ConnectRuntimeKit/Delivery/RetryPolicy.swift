// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// When a call that failed is made again: after a random part of a delay that doubles from failure to failure.
///
/// The random part ("full jitter") keeps many pipelines that failed together from coming back together.
public struct RetryPolicy: Sendable, Hashable {
    /// The longest wait after the first failure.
    public var firstDelay: Duration
    /// The longest wait after any failure.
    public var maxDelay: Duration
    /// How often a call is made in total; `nil` for as often as it takes.
    public var maxAttempts: Int?
    /// For how long after the first failure attempts are begun; `nil` for as long as it takes.
    public var timeLimit: Duration?

    /// A policy; delays below a millisecond count as one millisecond.
    public init(
        firstDelay: Duration = .milliseconds(100),
        maxDelay: Duration = .seconds(30),
        maxAttempts: Int? = 10,
        timeLimit: Duration? = nil
    ) {
        self.firstDelay = firstDelay
        self.maxDelay = maxDelay
        self.maxAttempts = maxAttempts
        self.timeLimit = timeLimit
    }

    /// One attempt, and no other.
    public static let never = RetryPolicy(maxAttempts: 1)
    /// Attempts until one succeeds or the pipeline is stopped.
    public static let forever = RetryPolicy(maxAttempts: nil)

    /// Whether another attempt may be made after a number of failures.
    func allows(
        failures: Int,
        since first: ConnectorClock.Instant?,
        at now: ConnectorClock.Instant
    ) -> Bool {
        if let maxAttempts, failures >= maxAttempts { return false }
        if let timeLimit, let first, now.since(first) >= timeLimit { return false }
        return true
    }

    /// The longest wait after a number of failures, the jitter not being applied.
    func ceiling(afterFailures count: Int) -> Duration {
        let cap = max(maxDelay, Self.shortest)
        var delay = max(firstDelay, Self.shortest)
        var doublings = count - 1
        while doublings > 0, delay < cap {
            delay = delay > cap / 2 ? cap : delay * 2
            doublings -= 1
        }
        return min(delay, cap)
    }

    /// How long to wait after a number of failures.
    func delay(afterFailures count: Int, _ randomness: PipelineRandomness) -> Duration {
        let ceiling = ceiling(afterFailures: count).wholeNanoseconds
        let shortest = Self.shortest.wholeNanoseconds
        return .nanoseconds(shortest + randomness.number(upTo: max(ceiling - shortest, 0)))
    }

    /// The same, or longer where the system asks for that, cut off at the time limit: no attempt is begun after it.
    func delay(
        afterFailures count: Int,
        since first: ConnectorClock.Instant?,
        at now: ConnectorClock.Instant,
        asked: Duration?,
        _ randomness: PipelineRandomness
    ) -> Duration {
        withinLimit(max(delay(afterFailures: count, randomness), asked ?? .zero), since: first, at: now)
    }

    /// A delay, cut off at the time limit.
    func withinLimit(
        _ delay: Duration,
        since first: ConnectorClock.Instant?,
        at now: ConnectorClock.Instant
    ) -> Duration {
        guard let timeLimit, let first else { return delay }
        return min(delay, max(timeLimit - now.since(first), .zero))
    }

    private static let shortest = Duration.milliseconds(1)
}
