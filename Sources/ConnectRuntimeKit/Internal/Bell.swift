// SPDX-License-Identifier: Apache-2.0

/// Lets one task wait until another rings. A ring while nobody waits is kept for the next who would.
final class Bell: Sendable {
    private struct State {
        var hasRung = false
        var waiting: CheckedContinuation<Void, Never>?
    }

    private let state = Lock(State())

    func ring() {
        let woken = state.withLock { state in
            if state.waiting == nil { state.hasRung = true }
            return state.waiting.take()
        }
        woken?.resume()
    }

    /// Returns when the bell rings or has rung since the last wait, and when the task is cancelled.
    func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.hasRung || Task.isCancelled {
                        state.hasRung = false
                        return true
                    }
                    state.waiting = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            ring()
        }
    }
}
