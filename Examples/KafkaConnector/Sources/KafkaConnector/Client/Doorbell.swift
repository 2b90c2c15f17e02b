// SPDX-License-Identifier: Apache-2.0

import CRdKafka
import Synchronization

/// Tells waiting tasks that something has happened, from any thread: librdkafka rings it where a queue is empty no more.
final class Doorbell: Sendable {
    private struct State {
        var count: UInt64 = 0
        var nextWaiter = 0
        var waiters: [Int: CheckedContinuation<Void, any Error>] = [:]
    }

    private let state = Mutex(State())

    /// How often it was rung so far.
    var count: UInt64 { state.withLock(\.count) }

    func ring() {
        let waiters = state.withLock { state in
            state.count += 1
            defer { state.waiters = [:] }
            return state.waiters
        }
        for waiter in waiters.values { waiter.resume() }
    }

    /// Suspends until it has been rung more often than that.
    ///
    /// - Throws: `CancellationError` when the task is cancelled.
    func wait(beyond seen: UInt64) async throws {
        let number = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let outcome: Result<Void, any Error>? = state.withLock { state in
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if state.count > seen { return .success(()) }
                    state.waiters[number] = continuation
                    return nil
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: number) }?.resume(throwing: CancellationError())
        }
    }
}

extension Doorbell {
    /// Is rung from now on whenever something comes to an empty queue of librdkafka; it has to live as long as the queue.
    func ring(by queue: OpaquePointer?) {
        rd_kafka_queue_cb_event_enable(
            queue,
            { _, bell in
                guard let bell else { return }
                Unmanaged<Doorbell>.fromOpaque(bell).takeUnretainedValue().ring()
            },
            Unmanaged.passUnretained(self).toOpaque()
        )
    }
}
