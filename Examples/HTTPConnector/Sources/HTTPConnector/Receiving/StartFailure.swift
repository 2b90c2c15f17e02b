// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Why a server did not come to listen; afterwards an error ends the task that it runs in.
final class StartFailure: Sendable {
    private struct State {
        var isBeforeStart = true
        var text = "it ended"
    }

    private let state = Mutex(State())

    var isBeforeStart: Bool { state.withLock(\.isBeforeStart) }
    var text: String { state.withLock(\.text) }

    func startIsOver() { state.withLock { $0.isBeforeStart = false } }
    func note(_ error: any Error) { state.withLock { $0.text = "\(error)" } }
}
