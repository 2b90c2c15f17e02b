// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension HandOverState {
    /// How the polls of a run are limited, and how long they had to wait for it.
    struct RateControl: Sendable {
        var gate: RateGate
        /// Since when polling waits for the gate, and when that may end.
        var since: ConnectorClock.Instant?
        var due: ConnectorClock.Instant?
        var waited = Duration.zero
    }

    /// Notes that polling waits for the rate limit, or does so no longer.
    mutating func noteRate(_ step: PollStep, _ wake: inout Wakeups) {
        guard var control = rate else { return }
        let now = clock.now
        let isShort = if case .rest = step { !isPaused && control.gate.grant(at: now) == nil } else { false }
        if let since = control.since {
            control.waited += now.since(since)
            control.since = nil
        }
        control.due = nil
        if isShort {
            control.since = now
            control.due = control.gate.due(at: now)
            wakeDueTimer(&wake)
        }
        rate = control
    }

    /// Pays for what a poll has returned.
    mutating func chargeRate(_ batch: SourceBatch) {
        let rejected = batch.rejected.reduce(0) { $0 + $1.bytes.count }
        let bytes = rejected + batch.records.heldCount
        let now = clock.now
        rate?.gate.charge(records: batch.records.count + batch.rejected.count, bytes: bytes, at: now)
    }

    /// How long polling has waited for the rate limit; `nil` where there is none.
    var rateLimitedTime: Duration? {
        guard let rate else { return nil }
        return rate.waited + (rate.since.map { clock.now.since($0) } ?? .zero)
    }
}
