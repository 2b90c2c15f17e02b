// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Lets one task after the other, in the order in which they came.
final class Turns: Sendable {
    private struct State {
        var isTaken = false
        var lastNumber = 0
        var waiting: [(number: Int, continuation: CheckedContinuation<Bool, Never>)] = []
        var cancelled: Set<Int> = []
    }

    private let state = Mutex(State())

    /// Waits for the turn; each call that returns is followed by one of ``end()``.
    ///
    /// - Throws: `CancellationError` when cancelled before it was the task's turn.
    func begin() async throws {
        let number = state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        let isTurn = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: Bool? = state.withLock { state in
                    if state.cancelled.remove(number) != nil { return false }
                    if !state.isTaken {
                        state.isTaken = true
                        return true
                    }
                    state.waiting.append((number, continuation))
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            cancel(number)
        }
        // A cancellation that came after the turn was given has left its mark.
        let _ = state.withLock { $0.cancelled.remove(number) }
        guard isTurn else { throw CancellationError() }
    }

    /// Waits for the turn, whether the task is cancelled or not: for the end of something.
    func beginRegardless() async {
        _ = await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                if state.isTaken {
                    state.lastNumber += 1
                    state.waiting.append((state.lastNumber, continuation))
                }
                defer { state.isTaken = true }
                return !state.isTaken
            }
            if isFree { continuation.resume(returning: true) }
        }
    }

    /// Gives the turn to the next task.
    func end() {
        let next = state.withLock { state in
            state.isTaken = !state.waiting.isEmpty
            return state.waiting.isEmpty ? nil : state.waiting.removeFirst()
        }
        next?.continuation.resume(returning: true)
    }

    private func cancel(_ number: Int) {
        let waiting = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            guard let index = state.waiting.firstIndex(where: { $0.number == number }) else {
                state.cancelled.insert(number)
                return nil
            }
            return state.waiting.remove(at: index).continuation
        }
        waiting?.resume(returning: false)
    }
}
