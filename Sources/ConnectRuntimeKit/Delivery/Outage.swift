// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// A time in which a connector cannot be reached, or asks to be left alone.
struct Outage: Sendable {
    private(set) var failures = 0
    private(set) var since: ConnectorClock.Instant?
    /// Before this instant the connector is not called.
    var until: ConnectorClock.Instant?

    func isOver(at now: ConnectorClock.Instant) -> Bool { until.map { $0 <= now } ?? true }

    mutating func note(_ error: ConnectorError, at now: ConnectorClock.Instant) {
        failures += 1
        since = since ?? now
    }

    /// Another call failed that was made before this was noted.
    mutating func noteAlso(_ error: ConnectorError, at now: ConnectorClock.Instant, _ policy: RetryPolicy) {
        let asked = policy.withinLimit(error.retryAfter ?? .zero, since: since, at: now)
        until = max(until ?? now, now.advanced(by: asked))
    }

    mutating func end() {
        guard failures > 0 else { return }
        self = Outage()
    }
}
