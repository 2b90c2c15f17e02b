// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A call of code that may never return, whatever is done to it.
///
/// This is the one place of the suites that starts a task without a parent. A structured child is awaited at the end of
/// its scope, cancelled or not: with it, a connector that ignores cancellation would hang the suite that is to report
/// it. What does not return in time is left behind, with the connector it belongs to.
final class LooseCall<Value: Sendable>: Sendable {
    private let hasEnded = Gate()
    private let result = Mutex<Result<Value, any Error>?>(nil)
    private let task = Mutex<Task<Void, Never>?>(nil)

    /// Begins a call.
    ///
    /// - Parameters:
    ///   - executor: where the call runs, down to the actors it meets.
    ///   - isCancelled: whether the call finds its task cancelled from its beginning.
    init(
        on executor: CallExecutor? = nil,
        isCancelled: Bool = false,
        _ body: @escaping @Sendable () async throws -> Value
    ) {
        let operation: @Sendable () async -> Void = { [hasEnded, self] in
            if isCancelled { withUnsafeCurrentTask { $0?.cancel() } }
            let outcome: Result<Value, any Error>
            do { outcome = .success(try await body()) } catch { outcome = .failure(error) }
            result.withLock { $0 = outcome }
            hasEnded.open()
        }
        let started = Task.detached(executorPreference: executor, operation: operation)
        task.withLock { $0 = started }
    }

    /// Cancels the call.
    func cancel() { task.withLock { $0 }?.cancel() }

    /// How the call ended, or `nil` when it does not within a time.
    func outcome(within limit: Duration) async -> Result<Value, any Error>? {
        if let ended = result.withLock({ $0 }) { return ended }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [hasEnded] in try? await hasEnded.pass() }
            group.addTask { try? await Task.sleep(for: limit) }
            await group.next()
            group.cancelAll()
        }
        return result.withLock { $0 }
    }
}
