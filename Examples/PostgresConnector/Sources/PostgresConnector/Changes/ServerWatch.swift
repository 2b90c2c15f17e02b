// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Lets go of a replication stream when the server shuts down.
///
/// A server that is stopped in order ends all other sessions at once, and then waits until everything in its log is
/// confirmed: without end where that cannot be, because the sink or the offset store is in that server too. So a session
/// of its own waits for its end.
struct ServerWatch: Sendable {
    /// Opened before the stream.
    let session: PostgresConnection
    let stream: PostgresConnection
    let clock: ConnectorClock

    /// Watches until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            do {
                try await session.untilEnded()
                // It may have been ended alone, by its administrator for example.
                try await session.open()
            } catch {
                if !Task.isCancelled { await stream.abandon() }
            }
            if await !session.isOpen { try? await clock.sleep(for: .milliseconds(500)) }
        }
        await session.close()
    }
}
