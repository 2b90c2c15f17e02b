// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// The time that a runner and its connectors live by: a real clock, or one that a test moves by hand.
public struct ConnectorClock: Sendable {
    private let elapsed: @Sendable () -> Int64
    private let suspend: @Sendable (_ until: Int64) async throws -> Void

    /// A point in time, counted in nanoseconds from an arbitrary beginning.
    public struct Instant: Sendable, Hashable, Comparable {
        /// Nanoseconds since the clock's beginning.
        public let nanoseconds: Int64

        /// A point in time that many nanoseconds after the clock's beginning.
        public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

        /// Whether the left one is earlier.
        public static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }

        /// The time from another instant to this one.
        public func since(_ other: Instant) -> Duration { .nanoseconds(nanoseconds - other.nanoseconds) }

        /// The instant a while later.
        public func advanced(by duration: Duration) -> Instant {
            let (sum, overflow) = nanoseconds.addingReportingOverflow(duration.wholeNanoseconds)
            return Instant(nanoseconds: overflow ? .max : sum)
        }
    }

    /// Wraps any clock of the standard library's protocol.
    public init<Base: Clock>(_ clock: Base) where Base.Duration == Duration {
        let beginning = clock.now
        elapsed = { beginning.duration(to: clock.now).wholeNanoseconds }
        suspend = { until in
            try await clock.sleep(until: beginning.advanced(by: .nanoseconds(until)), tolerance: nil)
        }
    }

    /// The machine's monotonic clock, which goes on while the machine sleeps: that of `ContinuousClock`.
    public static let continuous = ConnectorClock(beginning: machineNanoseconds)

    /// Reads the machine's clock without the 128-bit durations of the standard library, which every commit would compute with.
    private init(beginning: Int64) {
        elapsed = { Self.machineNanoseconds - beginning }
        suspend = { until in
            let rest = until.subtractingReportingOverflow(Self.machineNanoseconds - beginning)
            try await ContinuousClock().sleep(for: .nanoseconds(rest.overflow ? .max : rest.partialValue))
        }
    }

    /// The reading of the clock that `ContinuousClock` has.
    private static var machineNanoseconds: Int64 {
        #if canImport(Darwin)
        Int64(clock_gettime_nsec_np(CLOCK_MONOTONIC_RAW))
        #else
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
        #endif
    }

    /// The present.
    public var now: Instant { Instant(nanoseconds: elapsed()) }

    /// Suspends until an instant; throws `CancellationError` at once when cancelled.
    public func sleep(until instant: Instant) async throws {
        try await suspend(instant.nanoseconds)
    }

    /// Suspends for a while; throws `CancellationError` at once when cancelled.
    public func sleep(for duration: Duration) async throws {
        try await sleep(until: now.advanced(by: duration))
    }
}

extension Duration {
    /// The duration in nanoseconds, rounded towards zero and held within the range of `Int64`.
    package var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, overflows) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
        guard !overflow, !overflows else { return seconds < 0 ? .min : .max }
        return sum
    }
}
