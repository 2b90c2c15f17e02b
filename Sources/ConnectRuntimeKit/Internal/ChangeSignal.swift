// SPDX-License-Identifier: Apache-2.0

/// Tells those who wait for something that it may have come, so that they look again.
///
/// Who waits reads ``count`` before it looks: a change between its look and its waiting is then not missed.
package final class ChangeSignal: Sendable {
    private struct State {
        var count: UInt64 = 0
        var lastWaiter: UInt64 = 0
        var waiting: [UInt64: CheckedContinuation<Void, Never>] = [:]
    }

    private let state = Lock(State())

    /// A signal that was not given yet.
    package init() {}

    /// How many changes there were.
    package var count: UInt64 { state.withLock { $0.count } }

    /// Counts a change and wakes everybody.
    package func notify() {
        let woken = state.withLock { state in
            state.count += 1
            defer { state.waiting = [:] }
            return state.waiting.sorted { $0.key < $1.key }.map(\.value)
        }
        for continuation in woken { continuation.resume() }
    }

    /// Suspends until there were more changes than that.
    ///
    /// - Throws: `CancellationError`, at once.
    package func wait(beyond count: UInt64) async throws {
        let waiter = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // Looking at the cancellation under the lock: the handler either finds the waiter or came before.
                let isOver = state.withLock { state in
                    if state.count != count || Task.isCancelled { return true }
                    state.waiting[waiter] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: waiter) }?.resume()
        }
        try Task.checkCancellation()
    }
}
