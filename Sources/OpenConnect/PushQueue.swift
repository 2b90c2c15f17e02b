// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The source for what calls instead of being asked: HTTP requests, webhooks, subscriptions, the application itself.
///
/// Callers hand records over with ``send(_:)``, which returns as soon as the record is accepted, or with
/// ``deliver(_:)``, which returns with its outcome after the commit. Both wait while the queue is full, so the pipeline's
/// back-pressure reaches the caller. Each record gets a token of the queue as its offset; nothing is stored, and what was
/// not delivered when the pipeline stops is reported to the caller, who alone can send it again.
///
/// A queue is a source by itself; a connector that has more to do keeps one and passes `poll`, `acknowledge` and
/// `stop` on to it.
public final class PushQueue: AcknowledgingSource {
    /// How much may wait in the queue.
    public struct Limits: Sendable, Hashable {
        /// The most records waiting to be polled.
        public var maxRecords: Int
        /// The most bytes waiting to be polled; one larger record is let through alone.
        public var maxBytes: Int

        /// Limits of a queue.
        public init(maxRecords: Int = 10_000, maxBytes: Int = 16 * 1024 * 1024) {
            self.maxRecords = max(1, maxRecords)
            self.maxBytes = max(1, maxBytes)
        }
    }

    private let state: Mutex<PushQueueState>

    /// An empty queue.
    public convenience init(limits: Limits = Limits()) {
        self.init(limits: limits, incarnation: .random(in: 1 ... .max))
    }

    /// A queue whose tokens can be foreseen.
    package init(limits: Limits, incarnation: UInt64) {
        state = Mutex(PushQueueState(limits: limits, incarnation: incarnation))
    }

    /// Individual acknowledgement, positions kept by nobody, not replayable.
    public nonisolated var traits: SourceTraits {
        SourceTraits(acknowledgement: .individual, positions: .nobody, isReplayable: false)
    }

    /// Hands a record over and returns when it is accepted: from then on the pipeline delivers it, as long as it runs.
    ///
    /// - Throws: ``ConnectorError`` with the code `notConnected` when the queue is finished; `CancellationError` when
    ///   cancelled while waiting for room.
    public func send(_ record: ConnectorRecord) async throws {
        _ = try await enqueue(record, wantsOutcome: false)
    }

    /// Hands a record over and returns its outcome after it is committed.
    ///
    /// - Throws: ``ConnectorError`` with the code `notConnected` when the pipeline stops before the record is committed:
    ///   it may or may not have been delivered, so send it again.
    public func deliver(_ record: ConnectorRecord) async throws -> Acknowledgement {
        let token = try await enqueue(record, wantsOutcome: true)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                state.withLock { $0.awaitOutcome(of: token, continuation) }?.perform()
            }
        } onCancel: {
            state.withLock { $0.cancelOutcome(of: token) }?.perform()
        }
    }

    /// Lets no more records in; the source ends when what is queued has been polled.
    public func finish() {
        state.withLock { $0.finish() }.forEach { $0.perform() }
    }

    /// Waits until a record is queued, or the queue is finished, and takes what the request allows.
    public func poll(_ request: PollRequest) async throws -> SourceBatch {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                state.withLock { $0.poll(request, continuation) }.forEach { $0.perform() }
            }
        } onCancel: {
            state.withLock { $0.cancelPoll() }?.perform()
        }
    }

    /// Reports the outcomes to the callers that wait for them.
    public func acknowledge(_ acknowledgements: [Acknowledgement]) async throws {
        state.withLock { $0.acknowledge(acknowledgements) }.forEach { $0.perform() }
    }

    /// Reports to every waiting caller that the pipeline has stopped. What was not polled yet stays in the queue.
    public func stop() async {
        state.withLock { $0.abandonPolled() }.forEach { $0.perform() }
    }

    /// What waits in the queue at this moment.
    package var load: Load { state.withLock { $0.load } }

    /// What waits in a queue.
    package struct Load: Equatable {
        /// Records that are accepted and not polled.
        package var queued: Int
        /// Callers that wait for room.
        package var senders: Int
        /// Callers that wait for an outcome.
        package var awaited: Int
        /// Whether a poll waits for a record.
        package var isPolled: Bool
    }

    private func enqueue(_ record: ConnectorRecord, wantsOutcome: Bool) async throws -> Int64 {
        let token = state.withLock { $0.makeToken() }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                state.withLock { state in
                    let entry = PushQueueState.Entry(
                        record,
                        token: token,
                        incarnation: state.incarnation,
                        wantsOutcome: wantsOutcome
                    )
                    return state.enqueue(entry, isCancelled: Task.isCancelled, continuation)
                }.forEach { $0.perform() }
            }
        } onCancel: {
            state.withLock { $0.cancelEnqueue(token) }?.perform()
        }
        return token
    }
}
