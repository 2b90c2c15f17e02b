// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Synchronization

/// Tells requests that their time is over, with one timer for all of them.
///
/// A sleep of each request's own would not do: what the system keeps of it stays until its time has come, also when it was
/// cancelled long before, which is most of the memory of a sink that is fast.
final class RequestDeadlines: Sendable {
    fileprivate struct State {
        var lastID: UInt64 = 0
        /// In the order of their deadlines, since all requests may take the same time; some are over already.
        var queue: [(id: UInt64, deadline: ConnectorClock.Instant)] = []
        /// The first of the queue that may still be waiting.
        var head = 0
        var waiting: [UInt64: CheckedContinuation<Void, any Error>] = [:]
        var cancelled: Set<UInt64> = []
        /// The timer, where there is nothing to wait for.
        var idle: CheckedContinuation<Void, Never>?
        var isStopped = false
    }

    private let clock: ConnectorClock
    private let state = Mutex(State())

    init(_ clock: ConnectorClock) { self.clock = clock }

    /// Waits for as long as a request may take.
    ///
    /// - Throws: `CancellationError` at once when cancelled.
    func wait(for limit: Duration) async throws {
        let deadline = clock.now.advanced(by: limit)
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { enter(id, deadline, $0) }
        } onCancel: {
            cancel(id)
        }
        // It may have been cancelled when it was over already.
        if Task.isCancelled { state.withLock { _ = $0.cancelled.remove(id) } }
    }

    /// How many deadlines are kept, be it of requests that are over.
    var count: Int { state.withLock { $0.queue.count - $0.head } }

    private func enter(
        _ id: UInt64,
        _ deadline: ConnectorClock.Instant,
        _ continuation: CheckedContinuation<Void, any Error>
    ) {
        let (isCancelled, idle) = state.withLock { state in
            guard state.cancelled.remove(id) == nil else { return (true, nil as CheckedContinuation<Void, Never>?) }
            state.waiting[id] = continuation
            state.queue.append((id, deadline))
            return (false, state.idle.take())
        }
        if isCancelled { continuation.resume(throwing: CancellationError()) }
        idle?.resume()
    }

    private func cancel(_ id: UInt64) {
        let continuation = state.withLock { state -> CheckedContinuation<Void, any Error>? in
            guard let continuation = state.waiting.removeValue(forKey: id) else {
                state.cancelled.insert(id)
                return nil
            }
            state.skipDone()
            return continuation
        }
        continuation?.resume(throwing: CancellationError())
    }

    // MARK: The timer

    /// Keeps the time until it is cancelled.
    func run() async {
        await withTaskCancellationHandler {
            while !Task.isCancelled {
                if let next = state.withLock({ $0.next }) {
                    guard (try? await clock.sleep(until: next)) != nil else { return }
                    expire(at: clock.now)
                } else {
                    await rest()
                }
            }
        } onCancel: {
            state.withLock { state in
                state.isStopped = true
                return state.idle.take()
            }?.resume()
        }
    }

    /// Waits until there is something to wait for.
    private func rest() async {
        await withCheckedContinuation { continuation in
            let isBusy = state.withLock { state in
                if state.isStopped || state.next != nil { return true }
                state.idle = continuation
                return false
            }
            if isBusy { continuation.resume() }
        }
    }

    private func expire(at now: ConnectorClock.Instant) {
        let over = state.withLock { state in
            var over: [CheckedContinuation<Void, any Error>] = []
            while let next = state.next, next <= now {
                if let continuation = state.waiting.removeValue(forKey: state.queue[state.head].id) {
                    over.append(continuation)
                }
                state.skipDone()
            }
            return over
        }
        for continuation in over { continuation.resume() }
    }
}

extension RequestDeadlines.State {
    /// When the first that waits is due.
    fileprivate var next: ConnectorClock.Instant? { head < queue.count ? queue[head].deadline : nil }

    /// Goes on to the first that waits.
    fileprivate mutating func skipDone() {
        while head < queue.count, waiting[queue[head].id] == nil { head += 1 }
        guard head > 64, head * 2 > queue.count else { return }
        queue.removeFirst(head)
        head = 0
    }
}
