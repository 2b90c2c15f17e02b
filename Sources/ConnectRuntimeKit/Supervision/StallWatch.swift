// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Tells from looks at the running calls of a pipeline which of them do not return.
///
/// A call is timed from the first look that sees it, where it is not known when it began: so that calls that return cost
/// nothing. One that may wait for as long as it likes is timed from when it may no longer.
struct StallWatch: Sendable {
    private let limit: Duration
    private var firstSeen: [CallIdentity: ConnectorClock.Instant] = [:]
    /// The calls that have taken longer than the limit, as they were seen last.
    private(set) var stalled: [RunningCall] = []

    /// What is new since the look before.
    struct Findings: Sendable {
        var stalled: [RunningCall] = []
        var returned: [RunningCall] = []
    }

    init(limit: Duration) { self.limit = limit }

    /// How long it may be from one look to the next.
    static func interval(for limit: Duration) -> Duration { max(limit / 8, .milliseconds(1)) }

    mutating func look(at calls: [RunningCall], now: ConnectorClock.Instant) -> Findings {
        let watched = calls.filter { !$0.isWaiting }
        firstSeen = watched.reduce(into: [:]) { seen, call in
            let known = call.duration.map { now.advanced(by: .zero - $0) }
            seen[call.identity] = [known, firstSeen[call.identity] ?? now].compactMap { $0 }.min()
        }
        let before = stalled
        stalled = watched.compactMap { call in
            let duration = firstSeen[call.identity].map(now.since) ?? .zero
            return duration < limit ? nil : RunningCall(call.identity, duration: duration)
        }
        let (old, new) = (Set(before.map(\.identity)), Set(stalled.map(\.identity)))
        return Findings(
            stalled: stalled.filter { !old.contains($0.identity) },
            returned: before.filter { !new.contains($0.identity) }
        )
    }
}
