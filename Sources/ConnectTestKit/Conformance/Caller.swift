// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Makes the calls of one check, none of which can hang it.
struct Caller: Sendable {
    let limits: ConformanceLimits
    let executor = CallExecutor()

    /// Begins a call without waiting for it.
    func begin<Value: Sendable>(
        isCancelled: Bool = false,
        _ body: @escaping @Sendable () async throws -> Value
    ) -> LooseCall<Value> {
        LooseCall(on: executor, isCancelled: isCancelled, body)
    }

    /// Makes a call; what it returned or threw.
    ///
    /// - Throws: ``Finding`` when it does not return.
    func attempt<Value: Sendable>(
        _ name: String,
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Result<Value, any Error> {
        guard let outcome = await begin(body).outcome(within: limits.call) else { throw hung(name) }
        return outcome
    }

    /// Makes a call that has to succeed.
    func call<Value: Sendable>(
        _ name: String,
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        switch try await attempt(name, body) {
        case .success(let value): return value
        case .failure(let error):
            throw Finding.broken(
                expected: "\(name) to succeed",
                seen: "the error '\(error)'",
                advice: "nothing was wrong at that moment, so do not throw"
            )
        }
    }

    /// Makes a call whose task is cancelled: before it begins, and in another call after a few jobs of its own.
    ///
    /// - Returns: how it ended.
    /// - Throws: ``Finding`` when it does not return in time, or throws an error that does not say that it was cancelled.
    func cancelled<Value: Sendable>(
        _ name: String,
        after pause: Duration? = nil,
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Result<Value, any Error> {
        let call = begin(isCancelled: pause == nil, body)
        if let pause {
            _ = await call.outcome(within: pause)
            call.cancel()
        }
        guard let outcome = await call.outcome(within: limits.cancellation) else { throw ignoresCancellation(name) }
        if case .failure(let error) = outcome, !error.isCancellation {
            throw Finding.broken(
                expected: "a cancelled \(name) to return, or to throw CancellationError",
                seen: "the error '\(error)'",
                advice: "let CancellationError through; it is no fault of the system or of the data"
            )
        }
        return outcome
    }

    /// Asks the subject for something.
    func ask<Value: Sendable>(
        _ name: String,
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        guard let outcome = await LooseCall(body).outcome(within: limits.call) else {
            throw Finding(verdict: .failed, reason: "the subject's \(name) did not return: mend the test")
        }
        do { return try outcome.get() } catch { throw Finding.subjectFailed(name, error) }
    }

    func hung(_ name: String) -> Finding {
        .broken(
            expected: "\(name) to return",
            seen: "that it had not after \(limits.call)",
            advice: "suspend only for what is bound to come"
        )
    }

    func ignoresCancellation(_ name: String) -> Finding {
        .broken(
            expected: "a cancelled \(name) to return",
            seen: "that it had not after \(limits.cancellation)",
            advice: "suspend in calls that obey cancellation, or use withTaskCancellationHandler"
        )
    }
}

extension Error {
    /// Whether the error says that its task was cancelled.
    var isCancellation: Bool {
        self is CancellationError || (self as? ConnectorError)?.code == .cancelled
    }
}
