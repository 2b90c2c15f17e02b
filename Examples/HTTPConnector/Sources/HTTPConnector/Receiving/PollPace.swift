// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Synchronization

/// Lets requests that come at the same time be polled together: a commit for each of them would cost more than they do.
///
/// While polls return more than one record, they are at least the gathering time apart. So a sender that is alone is never
/// kept waiting.
final class PollPace: Sendable {
    private let gathering: Duration
    private let clock: ConnectorClock
    private let next = Mutex<ConnectorClock.Instant?>(nil)

    init(gathering: Duration, clock: ConnectorClock = .continuous) {
        self.gathering = gathering
        self.clock = clock
    }

    /// Waits until the next poll may be answered.
    func wait() async throws {
        guard let next = next.withLock(\.self), next > clock.now else { return }
        try await clock.sleep(until: next)
    }

    /// Notes how many records a poll returned.
    func note(_ records: Int) {
        guard gathering > .zero else { return }
        let now = clock.now
        next.withLock { $0 = records > 1 ? now.advanced(by: gathering) : nil }
    }
}
