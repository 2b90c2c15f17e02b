// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// One result that a task waits for and somebody else finds, or cancellation, whichever comes first.
final class Waiter<Value: Sendable>: Sendable {
    private enum State {
        case idle
        case waiting(CheckedContinuation<Value, any Error>)
        case finished(Result<Value, any Error>)
    }

    private let state = Mutex(State.idle)

    /// Gives the result.
    ///
    /// - Returns: whether it is the first one; a later one has no effect.
    @discardableResult
    func finish(_ result: Result<Value, any Error>) -> Bool {
        let (continuation, isFirst) = state.withLock { state -> (CheckedContinuation<Value, any Error>?, Bool) in
            switch state {
            case .finished: return (nil, false)
            case .idle:
                state = .finished(result)
                return (nil, true)
            case .waiting(let continuation):
                state = .finished(result)
                return (continuation, true)
            }
        }
        continuation?.resume(with: result)
        return isFirst
    }

    /// Waits for the result.
    func value() async throws -> Value {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let known = state.withLock { state -> Result<Value, any Error>? in
                    if case .finished(let result) = state { return result }
                    state = .waiting(continuation)
                    return nil
                }
                if let known { continuation.resume(with: known) }
            }
        } onCancel: {
            finish(.failure(CancellationError()))
        }
    }
}
