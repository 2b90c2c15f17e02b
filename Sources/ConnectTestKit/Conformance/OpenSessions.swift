// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// One life of a connector in a check.
protocol ConformanceSession: AnyObject, Sendable {
    /// Stops the instance, and what runs beside it; what that had to complain about.
    @discardableResult
    func end() async throws -> [String]
}

/// What a check has started and not stopped: it may end in the middle of it.
final class OpenSessions: Sendable {
    private let sessions = Mutex<[any ConformanceSession]>([])

    func noteStarting(_ session: some ConformanceSession) { sessions.withLock { $0.append(session) } }

    func noteStopping(_ session: some ConformanceSession) {
        sessions.withLock { sessions in sessions.removeAll { $0 === session } }
    }

    func endAll() async {
        for session in sessions.withLock(\.self) { _ = try? await session.end() }
    }
}
