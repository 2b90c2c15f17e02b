// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

import OpenConnect

/// How many records a ``GeneratorSource`` makes in a second, and how that changes while it runs.
public struct GeneratorRate: Sendable, Hashable {
    private enum Shape: Hashable {
        case unlimited
        case constant(Double)
        case burst(Int, Int64)
        case ramp(Double, Double, Int64)
        case wave(Double, Double, Int64)
    }

    private let shape: Shape

    /// As many as the pipeline takes.
    public static let unlimited = GeneratorRate(shape: .unlimited)

    /// The same number of records in each second, evenly.
    public static func constant(_ perSecond: Double) -> GeneratorRate {
        GeneratorRate(shape: .constant(atLeastZero(perSecond)))
    }

    /// A number of records at once, and again after each interval; the first ones at the start.
    public static func burst(of records: Int, every interval: Duration) -> GeneratorRate {
        GeneratorRate(shape: .burst(max(0, records), atLeastOne(interval)))
    }

    /// A number per second that grows or falls evenly, and stays where it arrived.
    public static func ramp(from first: Double, to last: Double, over time: Duration) -> GeneratorRate {
        GeneratorRate(shape: .ramp(atLeastZero(first), atLeastZero(last), atLeastOne(time)))
    }

    /// A number per second that goes up and down as a sine does, beginning with the low one.
    public static func wave(from low: Double, to high: Double, period: Duration) -> GeneratorRate {
        GeneratorRate(shape: .wave(atLeastZero(low), atLeastZero(high), atLeastOne(period)))
    }

    private static func atLeastZero(_ rate: Double) -> Double { rate > 0 ? min(rate, 1e12) : 0 }
    private static func atLeastOne(_ time: Duration) -> Int64 { max(1, time.wholeNanoseconds) }

    var isUnlimited: Bool { shape == .unlimited }

    /// How many records are due after a time, in nanoseconds since the start. Never falls.
    func due(after time: Int64) -> Int64 {
        guard time >= 0 else { return 0 }
        switch shape {
        case .unlimited: return .max
        case .constant(let rate): return Self.whole(rate * Self.seconds(time))
        case .burst(let records, let interval):
            let (due, overflow) = Int64(records).multipliedReportingOverflow(by: time / interval + 1)
            return overflow ? .max : due
        case .ramp(let first, let last, let length):
            let (now, end) = (Self.seconds(min(time, length)), Self.seconds(length))
            let rising = first * now + (last - first) * now * now / (2 * end)
            return Self.whole(rising + last * Self.seconds(max(0, time - length)))
        case .wave(let low, let high, let period):
            // Whole periods apart: a sine of large numbers is not exact.
            let (length, rest) = (Self.seconds(period), Self.seconds(time % period))
            let middle = (low + high) / 2
            let swing = (high - low) / 2 * length / (2 * .pi) * sin(2 * .pi * rest / length)
            return Self.whole(middle * (Double(time / period) * length + rest) - swing)
        }
    }

    /// When that many records are due, in nanoseconds since the start, or `nil` where that is never.
    func time(ofRecord count: Int64) -> Int64? {
        var (early, late): (Int64, Int64) = (-1, 1)
        while due(after: late) < count {
            guard late < .max / 2 else { return nil }
            (early, late) = (late, late * 2)
        }
        while late - early > 1 {
            let middle = early + (late - early) / 2
            if due(after: middle) < count { early = middle } else { late = middle }
        }
        return late
    }

    private static func seconds(_ nanoseconds: Int64) -> Double { Double(nanoseconds) / 1e9 }

    private static func whole(_ number: Double) -> Int64 {
        // What is due at an instant must not miss it by the rounding of a sum.
        Int64(exactly: (number + 1e-6).rounded(.down)) ?? .max
    }
}
