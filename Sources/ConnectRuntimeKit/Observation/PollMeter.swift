// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// How long polls take. It has a lock of its own, so that measuring one does not end the lease of the turn.
final class PollMeter: Sendable {
    private let durations = Lock(MetricHistogram(.durations))

    var histogram: MetricHistogram { durations.withLock { $0 } }

    func record(_ nanoseconds: Int64) { durations.withLock { $0.record(nanoseconds) } }
}

/// Which polls are measured: one in so many, every one while they are slow, and all of them where they are traced.
struct PollSampling {
    private let isTraced: Bool
    private var untilMeasured: Int

    private static let allowance: Int64 = 50_000
    private static let pollsPerMeasurement = 16

    init(isMeasuring: Bool, isTraced: Bool) {
        self.isTraced = isTraced
        // Asked for every poll: where nobody is interested it counts down from there.
        untilMeasured = isMeasuring || isTraced ? 0 : .max
    }

    @inline(__always)
    mutating func shouldMeasure() -> Bool {
        untilMeasured -= 1
        return untilMeasured < 0
    }

    mutating func note(_ nanoseconds: Int64) {
        untilMeasured = isTraced || nanoseconds > Self.allowance ? 0 : Self.pollsPerMeasurement - 1
    }
}
