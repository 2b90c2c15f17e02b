// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect
import Synchronization

/// Spreads requests evenly, so that no minute has more of them than a webhook's target permits.
final class RequestPace: Sendable {
    private let interval: Duration
    private let next = Mutex<ConnectorClock.Instant?>(nil)

    /// A longer wait is left to the runner, which can commit meanwhile.
    private static let longestWait = Duration.seconds(1)

    init(_ requestsPerMinute: Int) { interval = .seconds(60) / requestsPerMinute }

    /// When a request may be sent.
    enum Turn {
        case at(ConnectorClock.Instant)
        case later(Duration)
    }

    /// Takes the next turn, unless it is too far away.
    func turn(at now: ConnectorClock.Instant) -> Turn {
        next.withLock { next in
            let turn = max(next ?? now, now)
            guard turn.since(now) <= Self.longestWait else { return .later(turn.since(now)) }
            next = turn.advanced(by: interval)
            return .at(turn)
        }
    }
}
