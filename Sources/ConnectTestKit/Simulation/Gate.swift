// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Holds tasks back until a test lets them pass: what a test uses instead of sleeping.
public final class Gate: Sendable {
    private struct State {
        var isOpen: Bool
        var arrived = 0
        var lastID: UInt64 = 0
        var waiting: [(id: UInt64, continuation: CheckedContinuation<Void, any Error>)] = []
        var cancelled: Set<UInt64> = []
        var watchers = Watchers()
    }

    private let state: Mutex<State>

    /// A gate, closed unless said otherwise.
    public init(isOpen: Bool = false) {
        state = Mutex(State(isOpen: isOpen))
    }

    /// Whether the gate is open.
    public var isOpen: Bool { state.withLock(\.isOpen) }

    /// Waits until the gate is open. Throws `CancellationError` when cancelled.
    public func pass() async throws {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { arrive(id, $0) }
        } onCancel: {
            let continuation = state.withLock { state -> CheckedContinuation<Void, any Error>? in
                guard let index = state.waiting.firstIndex(where: { $0.id == id }) else {
                    state.cancelled.insert(id)
                    return nil
                }
                return state.waiting.remove(at: index).continuation
            }
            continuation?.resume(throwing: CancellationError())
        }
    }

    /// Waits until the gate is open, whether the task is cancelled or not: what a call does that ignores cancellation.
    public func passIgnoringCancellation() async {
        try? await withCheckedThrowingContinuation { arrive(0, $0) }
    }

    private func arrive(_ id: UInt64, _ continuation: CheckedContinuation<Void, any Error>) {
        var watchers: [Watchers.Continuation] = []
        let result: Result<Void, any Error>? = state.withLock { state in
            state.arrived += 1
            watchers = state.watchers.take(upTo: state.arrived)
            if state.cancelled.remove(id) != nil { return .failure(CancellationError()) }
            if state.isOpen { return .success(()) }
            state.waiting.append((id, continuation))
            return nil
        }
        if let result { continuation.resume(with: result) }
        for watcher in watchers { watcher.resume() }
    }

    /// Opens the gate for those who wait and those who come.
    public func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for (_, continuation) in waiting { continuation.resume() }
    }

    /// Lets those pass who wait now.
    public func letThrough() {
        let waiting = state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
        for (_, continuation) in waiting { continuation.resume() }
    }

    /// Waits until that many have come to the gate, since it was made. Returns at once when cancelled.
    public func arrivals(_ count: Int = 1) async {
        let id = state.withLock { $0.watchers.newID() }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    state.arrived >= count || !state.watchers.add(id, count, continuation)
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.watchers.cancel(id) }?.resume()
        }
    }
}
