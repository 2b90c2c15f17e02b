// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A call of code that may never return, whatever is done to it.
///
/// This is the one place of the suites that starts a task without a parent. A structured child is awaited at the end of
/// its scope, cancelled or not: with it, a connector that ignores cancellation would hang the suite that is to report
/// it. What does not return in time is left behind, with the connector it belongs to.
/// Whoever lets go of a call cancels it.
final class LooseCall<Value: Sendable>: Sendable {
    /// What outlives a call that was let go.
    private final class Ending: Sendable {
        let gate = Gate()
        let result = Mutex<Result<Value, any Error>?>(nil)
    }

    private let ending = Ending()
    private let task: Task<Void, Never>

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
        let operation: @Sendable () async -> Void = { [ending] in
            if isCancelled { withUnsafeCurrentTask { $0?.cancel() } }
            let outcome: Result<Value, any Error>
            do { outcome = .success(try await body()) } catch { outcome = .failure(error) }
            ending.result.withLock { $0 = outcome }
            ending.gate.open()
        }
        task = Task.detached(executorPreference: executor, operation: operation)
    }

    deinit { task.cancel() }

    /// Cancels the call.
    func cancel() { task.cancel() }

    /// How the call ended, or `nil` when it does not within a time.
    func outcome(within limit: Duration) async -> Result<Value, any Error>? {
        if let ended = ending.result.withLock({ $0 }) { return ended }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [ending] in try? await ending.gate.pass() }
            group.addTask { try? await Task.sleep(for: limit) }
            await group.next()
            group.cancelAll()
        }
        return ending.result.withLock { $0 }
    }
}
