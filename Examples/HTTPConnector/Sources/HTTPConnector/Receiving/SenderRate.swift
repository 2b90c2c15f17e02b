// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect
import Synchronization

/// Holds senders to the rate that the webhook handshake grants them: so many deliveries in any minute that begins with one.
final class SenderRate: Sendable {
    private struct Window {
        var begin: ConnectorClock.Instant
        var deliveries = 0
    }

    private let limit: Int
    private let clock: ConnectorClock
    private let windows = Mutex<[String: Window]>([:])
    private static let minute = Duration.seconds(60)
    /// Origins of a target that takes all of them are names that a stranger chooses.
    private static let maxOrigins = 1000

    /// `nil` where there is no limit.
    init?(_ rate: WebhookRate, _ clock: ConnectorClock) {
        guard let limit = rate.requestsPerMinute else { return nil }
        self.limit = limit
        self.clock = clock
    }

    /// Counts a delivery.
    ///
    /// - Returns: how long the sender has to wait, or `nil` where the delivery is within its rate.
    func count(_ origin: String) -> Duration? {
        let now = clock.now
        return windows.withLock { windows in
            if windows[origin] == nil, windows.count >= Self.maxOrigins {
                windows = windows.filter { now.since($0.value.begin) < Self.minute }
            }
            let name = windows[origin] != nil || windows.count < Self.maxOrigins ? origin : ""
            var window = windows[name] ?? Window(begin: now)
            if now.since(window.begin) >= Self.minute { window = Window(begin: now) }
            window.deliveries += 1
            windows[name] = window
            return window.deliveries <= limit ? nil : Self.minute - now.since(window.begin)
        }
    }
}
