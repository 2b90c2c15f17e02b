// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The source for what calls instead of being asked: HTTP requests, webhooks, subscriptions, the application itself.
///
/// Callers hand records over with one of three promises:
///
/// | method | returns | a record it returned for |
/// |---|---|---|
/// | ``send(_:)`` | when the queue has room | is delivered also when the pipeline is told to stop, or by its next run; lost by a crash, and by a run that fails after it has taken the record |
/// | ``handOver(_:)`` | when the pipeline has taken the records | is delivered also when the pipeline is told to stop; lost by a crash, and by a run that fails |
/// | ``deliver(_:)-(ConnectorRecord)`` | after the commit, with the outcome | is safe |
///
/// While the queue is full they wait, so that the pipeline's back-pressure reaches the caller, or are refused, as the
/// ``Limits`` say. Each record gets a token of the queue as its offset; nothing is stored. A caller whose records the
/// pipeline has taken is told when the run ends without delivering them, and alone can send them again. Records that were
/// not taken, and their callers, wait for the next run: whoever knows that there is none calls ``close()``.
///
/// A queue is a source by itself; a connector that has more to do keeps one and passes `poll`, `acknowledge` and
/// `stop` on to it.
public final class PushQueue: AcknowledgingSource {
    /// How much may wait in the queue.
    public struct Limits: Sendable, Hashable {
        /// The most records waiting to be polled.
        public var maxRecords: Int
        /// The most bytes waiting to be polled. What is handed over at once and is larger is let through alone.
        public var maxBytes: Int
        /// Whether a caller that finds the queue full is refused, with the code `throttled`, in place of waiting.
        public var refusesWhenFull: Bool

        /// Limits of a queue.
        public init(maxRecords: Int = 10_000, maxBytes: Int = 16 * 1024 * 1024, refusesWhenFull: Bool = false) {
            self.maxRecords = max(1, maxRecords)
            self.maxBytes = max(1, maxBytes)
            self.refusesWhenFull = refusesWhenFull
        }
    }

    private let clock: ConnectorClock
    private let state: Mutex<PushQueueState>

    /// An empty queue.
    ///
    /// - Parameters:
    ///   - limits: how much may wait in it.
    ///   - clock: the time by which callers lose their patience.
    public convenience init(limits: Limits = Limits(), clock: ConnectorClock = .continuous) {
        self.init(limits: limits, clock: clock, incarnation: .random(in: 1 ... .max))
    }

    /// A queue whose tokens can be foreseen.
    package init(limits: Limits, clock: ConnectorClock = .continuous, incarnation: UInt64) {
        self.clock = clock
        state = Mutex(PushQueueState(limits: limits, incarnation: incarnation))
    }

    /// Individual acknowledgement, positions kept by nobody, not replayable.
    public nonisolated var traits: SourceTraits {
        SourceTraits(acknowledgement: .individual, positions: .nobody, isReplayable: false)
    }

    /// Hands a record over and returns when it is accepted: from then on the pipeline delivers it, as long as it runs.
    ///
    /// - Throws: ``ConnectorError`` with the code `notConnected` when the queue is finished, `throttled` when it is full
    ///   and refuses; `CancellationError` when cancelled while waiting for room.
    public func send(_ record: ConnectorRecord) async throws {
        _ = try await hand([record], until: .accepted)
    }

    /// Hands records over, together and in their order, and returns when the pipeline has taken all of them: a pipeline
    /// that is told to stop delivers what it has taken.
    ///
    /// - Throws: as ``deliver(_:)-([ConnectorRecord])``.
    public func handOver(_ records: [ConnectorRecord]) async throws {
        _ = try await hand(records, until: .polled)
    }

    /// Hands a record over and returns its outcome after it is committed.
    ///
    /// - Throws: as ``deliver(_:)-([ConnectorRecord])``.
    public func deliver(_ record: ConnectorRecord) async throws -> Acknowledgement {
        try await deliver([record])[0]
    }

    /// Hands records over, together and in their order, and returns the outcome of each after all are committed.
    ///
    /// Where the pipeline does not run, they wait for its next run, until ``close()``.
    ///
    /// - Throws: ``ConnectorError`` with the code `notConnected` when the queue is finished, or when the run that has taken
    ///   them ends before all are committed: they may or may not have been delivered, so send them again. `throttled` when the queue
    ///   is full and refuses: none of them was taken. `CancellationError` when cancelled; records that were let in go
    ///   their way all the same.
    public func deliver(_ records: [ConnectorRecord]) async throws -> [Acknowledgement] {
        try await hand(records, until: .settled)
    }

    /// Lets no more records in; the source ends when what is queued has been polled.
    public func finish() {
        state.withLock { $0.finish() }.forEach { $0.perform() }
    }

    /// Reports, with the code `deadlineExceeded`, to every caller that has waited for longer. Its records that were let in
    /// go their way. For a server that answers within a time: it calls this every now and then.
    public func expire(waitingLongerThan patience: Duration) {
        let limit = clock.now.nanoseconds - patience.wholeNanoseconds
        state.withLock { $0.expire(before: ConnectorClock.Instant(nanoseconds: limit)) }.forEach { $0.perform() }
    }

    /// Lets no more records in, forgets those that were not polled, and reports to every caller that the pipeline has
    /// stopped. For the end of a connector that has a queue of its own, and for when a pipeline's last run is over: without
    /// it, callers whose records nobody has taken wait for ever.
    public func close() {
        state.withLock { $0.close() }.forEach { $0.perform() }
    }

    /// Waits until a record is queued, or the queue is finished, and takes what the request allows.
    ///
    /// - Throws: `CancellationError` when cancelled; what is queued waits for the next poll.
    public func poll(_ request: PollRequest) async throws -> SourceBatch {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                state.withLock { $0.poll(request, continuation, isCancelled: Task.isCancelled) }
                    .forEach { $0.perform() }
            }
        } onCancel: {
            state.withLock { $0.cancelPoll() }?.perform()
        }
    }

    /// Reports the outcomes to the callers that wait for them.
    public func acknowledge(_ acknowledgements: [Acknowledgement]) async throws {
        state.withLock { $0.acknowledge(acknowledgements) }.forEach { $0.perform() }
    }

    /// Reports to the callers whose records were polled that the pipeline has stopped. What was not polled yet stays in the
    /// queue for the next run, and its callers wait.
    public func stop() async {
        state.withLock { $0.abandonPolled() }.forEach { $0.perform() }
    }

    /// Whether the queue takes no more records.
    public var isFinished: Bool { state.withLock(\.isFinished) }

    /// What waits in the queue at this moment.
    package var load: Load { state.withLock { $0.load } }

    /// What waits in a queue.
    package struct Load: Equatable {
        /// Records that are accepted and not polled.
        package var queued: Int
        /// Callers that wait for room.
        package var senders: Int
        /// Callers that wait until their records are polled or settled.
        package var awaited: Int
        /// Whether a poll waits for a record.
        package var isPolled: Bool
    }

    private func hand(_ records: [ConnectorRecord], until goal: PushHandover.Goal) async throws -> [Acknowledgement] {
        guard !records.isEmpty else { return [] }
        let first = state.withLock { $0.makeTokens(records.count) }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let handover = PushHandover(goal, records.count, since: clock.now, continuation)
                state.withLock { $0.enqueue(records, first, handover, isCancelled: Task.isCancelled) }
                    .forEach { $0.perform() }
            }
        } onCancel: {
            state.withLock { $0.cancel(first) }.forEach { $0.perform() }
        }
    }
}
