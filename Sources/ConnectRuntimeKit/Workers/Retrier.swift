// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Makes a call again that failed in a way that may pass.
///
/// A class, because many hold it: each copy of a structure of this size would be held by a task for as long as it lives.
final class Retrier: Sendable {
    let options: DeliveryOptions
    let clock: ConnectorClock
    let randomness: PipelineRandomness
    /// Ends a wait at once.
    let stop: StopSignal
    let events: EventSender
    let calls: CallRegister
    let spans: SpanSender

    init(
        options: DeliveryOptions,
        clock: ConnectorClock,
        randomness: PipelineRandomness,
        stop: StopSignal,
        events: EventSender,
        calls: CallRegister,
        spans: SpanSender
    ) {
        self.options = options
        self.clock = clock
        self.randomness = randomness
        self.stop = stop
        self.events = events
        self.calls = calls
        self.spans = spans
    }

    /// The failures of one call, one after the other.
    ///
    /// Each policy has a say in those that it is for: an outage that has lasted leaves a fault its attempts.
    struct Failures: Sendable {
        struct Count: Sendable {
            var count = 0
            var since: ConnectorClock.Instant?
        }

        var faults = Count()
        var outages = Count()
        /// All of them.
        var count: Int { faults.count + outages.count }
    }

    /// Calls until it succeeds, fails for good, or must not be made again.
    ///
    /// - Parameter isWaiting: whether the call may take as long as it likes.
    /// - Parameter retriesOutages: whether an outage is waited for here, and not in the call.
    /// - Parameter failure: what the call has failed with already.
    /// - Throws: the newest error of the call; that, too, when the pipeline is to stop meanwhile.
    func run<Result: Sendable>(
        _ call: String,
        of connector: String,
        isWaiting: Bool = false,
        retriesOutages: Bool = true,
        after failure: (any Error)? = nil,
        _ body: () async throws -> Result
    ) async throws -> Result {
        var failures = Failures()
        if let failure { try await pause(after: failure.inCall(call, of: connector), &failures, call, connector) }
        while true {
            do {
                return try await calls.noting(call, of: connector, isWaiting: isWaiting, body)
            } catch {
                let error = error.inCall(call, of: connector)
                guard retriesOutages || error.code == .retryable else { throw error }
                try await pause(after: error, &failures, call, connector)
            }
        }
    }

    /// Waits as the policy says; throws the error where it says that there is to be no other attempt.
    ///
    /// - Parameter signal: what ends the wait in place of the stop.
    func pause(
        after error: ConnectorError,
        _ failures: inout Failures,
        _ call: String,
        _ connector: String,
        endedBy signal: StopSignal? = nil
    ) async throws {
        guard let delay = delay(after: error, &failures), !Task.isCancelled else { throw error }
        tellRetry(call, of: connector, after: error, attempt: failures.count, delay: delay)
        guard await sleep(delay, unless: signal ?? stop) else { throw error }
    }

    /// Tells the observer of a call that is made again.
    func tellRetry(
        _ call: String,
        of connector: String,
        after error: ConnectorError?,
        attempt: Int,
        delay: Duration
    ) {
        calls.noteRetry(call, of: connector)
        events.send(
            .callRetry,
            .warning,
            "\(call) of the \(connector) failed and is tried again",
            attributes: ["attempt": "\(attempt)", "delay": "\(delay)"],
            error: error
        ) {
            $0.connector = connector
            $0.callName = call
            $0.attempt = attempt
            $0.delay = delay
        }
    }

    /// How long to wait before the next attempt; `nil` where there is to be none.
    func delay(after error: ConnectorError, _ failures: inout Failures) -> Duration? {
        switch error.code {
        case .retryable: delay(after: error, &failures.faults, options.retry)
        case .notConnected, .throttled: delay(after: error, &failures.outages, options.outage)
        default: nil
        }
    }

    private func delay(
        after error: ConnectorError,
        _ failures: inout Failures.Count,
        _ policy: RetryPolicy
    ) -> Duration? {
        let now = clock.now
        failures.count += 1
        failures.since = failures.since ?? now
        guard policy.allows(failures: failures.count, since: failures.since, at: now) else { return nil }
        return policy.delay(
            afterFailures: failures.count,
            since: failures.since,
            at: now,
            asked: error.retryAfter,
            randomness
        )
    }

    /// Sleeps; `false` when there is a signal, or the task is cancelled.
    private func sleep(_ delay: Duration, unless signal: StopSignal) async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask { (try? await self.clock.sleep(for: delay)) != nil }
            group.addTask {
                await signal.wait()
                return false
            }
            let isOver = await group.next() ?? false
            group.cancelAll()
            return isOver && !signal.isRequested
        }
    }
}
