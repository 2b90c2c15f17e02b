// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// How long polls take. It has a lock of its own, so that measuring one does not end the lease of the turn.
final class PollMeter: Sendable {
    private let durations = Lock(MetricHistogram(.durations))

    var histogram: MetricHistogram { durations.withLock { $0 } }

    func record(_ nanoseconds: Int64) { durations.withLock { $0.record(nanoseconds) } }
}

/// Which polls are measured: one in so many, and every one while they are slow.
struct PollSampling {
    private var untilMeasured = 0

    private static let allowance: Int64 = 50_000
    private static let pollsPerMeasurement = 16

    mutating func shouldMeasure() -> Bool {
        untilMeasured -= 1
        return untilMeasured < 0
    }

    mutating func note(_ nanoseconds: Int64) {
        untilMeasured = nanoseconds > Self.allowance ? 0 : Self.pollsPerMeasurement - 1
    }
}
