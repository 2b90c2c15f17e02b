// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Two buckets, of records and of bytes, that fill with time and that polls draw from.
struct RateGate: Sendable {
    /// What may be polled now.
    struct Grant: Sendable {
        var records: Int
        var bytes: Int
    }

    private struct Bucket: Sendable {
        private let perSecond: Double
        private let capacity: Double
        /// What has to be there for a poll: many small ones would cost more than they move.
        private let portion: Double
        private var level: Double

        private static let portionsPerSecond = 20.0
        /// Far less than one, and more than the rounding of what flows in.
        private static let tolerance = 1e-6

        init(_ perSecond: Double, burst: Duration) {
            self.perSecond = perSecond
            capacity = max(1, perSecond * Double(burst.wholeNanoseconds) / 1e9)
            portion = max(1, min(capacity, perSecond / Self.portionsPerSecond))
            level = capacity
        }

        mutating func fill(for time: Duration) {
            level = min(capacity, level + perSecond * Double(time.wholeNanoseconds) / 1e9)
        }

        mutating func take(_ amount: Int) { level -= Double(amount) }

        /// How much is there; nothing where it is less than a portion.
        var grant: Int {
            guard level + Self.tolerance >= portion else { return 0 }
            return Int(exactly: (level + Self.tolerance).rounded(.down)) ?? .max
        }

        /// How long it takes until there is a portion.
        var wait: Duration {
            let nanoseconds = ((portion - level) / perSecond * 1e9).rounded(.up)
            return .nanoseconds(max(0, Int64(exactly: nanoseconds) ?? .max))
        }
    }

    private var records: Bucket?
    private var bytes: Bucket?
    private var filled: ConnectorClock.Instant

    init(_ limit: RateLimit, at now: ConnectorClock.Instant) {
        records = limit.recordsPerSecond.map { Bucket($0, burst: limit.burst) }
        bytes = limit.bytesPerSecond.map { Bucket($0, burst: limit.burst) }
        filled = now
    }

    /// What may be polled, or `nil` where that is nothing yet.
    func grant(at now: ConnectorClock.Instant) -> Grant? {
        let gate = filled(at: now)
        let grant = Grant(records: gate.records?.grant ?? .max, bytes: gate.bytes?.grant ?? .max)
        return grant.records > 0 && grant.bytes > 0 ? grant : nil
    }

    /// When something may be polled, if nothing is until then.
    func due(at now: ConnectorClock.Instant) -> ConnectorClock.Instant {
        let gate = filled(at: now)
        return now.advanced(by: max(gate.records?.wait ?? .zero, gate.bytes?.wait ?? .zero))
    }

    /// Takes what was polled, also where that is more than there is.
    mutating func charge(records count: Int, bytes size: Int, at now: ConnectorClock.Instant) {
        self = filled(at: now)
        records?.take(count)
        bytes?.take(size)
    }

    private func filled(at now: ConnectorClock.Instant) -> RateGate {
        var gate = self
        let time = now.since(filled)
        gate.records?.fill(for: time)
        gate.bytes?.fill(for: time)
        gate.filled = now
        return gate
    }
}
