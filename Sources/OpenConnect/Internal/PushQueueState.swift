// SPDX-License-Identifier: Apache-2.0

/// What a ``PushQueue`` knows. Each step returns what has to be resumed once the lock is released.
struct PushQueueState {
    /// A record that waits to be polled. The records of one handover have tokens in a row, from its first one on.
    private struct Entry {
        /// `nil` once it is polled: the place may stay for a while, and must not keep the payload.
        var record: ConnectorRecord?
        let token: Int64
        let first: Int64
    }

    enum Resumption {
        case caller(PushHandover.Caller, Result<[Acknowledgement], any Error>)
        case polled(CheckedContinuation<SourceBatch, any Error>, Result<SourceBatch, any Error>)

        func perform() {
            switch self {
            case .caller(let caller, let result): caller.resume(with: result)
            case .polled(let continuation, let result): continuation.resume(with: result)
            }
        }
    }

    private struct WaitingSender {
        let records: [ConnectorRecord]
        let first: Int64
        let handover: PushHandover
    }

    /// Tells this queue's tokens from those of any other, so that ids made of them never repeat.
    private let incarnation: UInt64
    private let limits: PushQueue.Limits
    private var queue: [Entry] = []
    private var head = 0
    private var queuedBytes = 0
    private var senders: [WaitingSender] = []
    /// Those whose records are let in and whose callers wait for more than that, by their first token.
    private var handovers: [Int64: PushHandover] = [:]
    /// For each token that is polled and not settled, the first one of its handover.
    private var polled: [Int64: Int64] = [:]
    private var poller: (request: PollRequest, continuation: CheckedContinuation<SourceBatch, any Error>)?
    private var lastToken: Int64 = 0
    private(set) var isFinished = false

    init(limits: PushQueue.Limits, incarnation: UInt64) {
        self.limits = limits
        self.incarnation = incarnation
    }

    var load: PushQueue.Load {
        PushQueue.Load(
            queued: queue.count - head,
            senders: senders.count,
            awaited: handovers.count,
            isPolled: poller != nil
        )
    }

    /// The first of so many tokens in a row.
    mutating func makeTokens(_ count: Int) -> Int64 {
        defer { lastToken += Int64(count) }
        return lastToken + 1
    }

    // MARK: Callers

    /// - Parameter isCancelled: whether the caller was cancelled already. One that is cancelled later is found among
    ///   those that wait: the mark is set before the handler runs, and this is asked under the lock.
    mutating func enqueue(
        _ records: [ConnectorRecord],
        _ first: Int64,
        _ handover: PushHandover,
        isCancelled: Bool
    ) -> [Resumption] {
        if isFinished { return [.caller(handover.caller, .failure(Self.finished))] }
        if isCancelled { return [.caller(handover.caller, .failure(CancellationError()))] }
        if senders.isEmpty, hasRoom(for: records) { return accept(records, first, handover) + answerPoller() }
        if limits.refusesWhenFull { return [.caller(handover.caller, .failure(Self.full))] }
        senders.append(WaitingSender(records: records, first: first, handover: handover))
        return []
    }

    private func hasRoom(for records: [ConnectorRecord]) -> Bool {
        if head == queue.count { return true }
        return queue.count - head + records.count <= limits.maxRecords
            && queuedBytes + records.reduce(0) { $0 + $1.heldCount } <= limits.maxBytes
    }

    private mutating func accept(
        _ records: [ConnectorRecord],
        _ first: Int64,
        _ handover: PushHandover
    ) -> [Resumption] {
        var token = first
        for var record in records {
            record.offset = RecordOffset(token, incarnation: incarnation)
            queuedBytes += record.heldCount
            queue.append(Entry(record: record, token: token, first: first))
            token += 1
        }
        if handover.goal == .accepted { return [.caller(handover.caller, .success([]))] }
        handovers[first] = handover
        return []
    }

    private mutating func admitSenders() -> [Resumption] {
        var resumptions: [Resumption] = []
        var admitted = 0
        while admitted < senders.count, hasRoom(for: senders[admitted].records) {
            let sender = senders[admitted]
            resumptions += accept(sender.records, sender.first, sender.handover)
            admitted += 1
        }
        senders.removeFirst(admitted)
        return resumptions
    }

    /// The caller no longer waits. What was let in goes its way; what was not makes way for those behind it.
    mutating func cancel(_ first: Int64) -> [Resumption] {
        if let handover = handovers.removeValue(forKey: first) {
            return [.caller(handover.caller, .failure(CancellationError()))]
        }
        guard let index = senders.firstIndex(where: { $0.first == first }) else { return [] }
        let sender = senders.remove(at: index)
        return [.caller(sender.handover.caller, .failure(CancellationError()))] + admitSenders()
    }

    mutating func expire(before limit: ConnectorClock.Instant) -> [Resumption] {
        let impatient = senders.filter { $0.handover.since < limit }.map(\.handover.caller)
        senders.removeAll { $0.handover.since < limit }
        let expired = handovers.filter { $0.value.since < limit }
        for first in expired.keys { handovers[first] = nil }
        return (impatient + expired.values.map(\.caller)).map { .caller($0, .failure(Self.late)) } + admitSenders()
    }

    // MARK: The poller

    /// - Parameter isCancelled: whether the poll was cancelled already, as for a caller.
    mutating func poll(
        _ request: PollRequest,
        _ continuation: CheckedContinuation<SourceBatch, any Error>,
        isCancelled: Bool
    ) -> [Resumption] {
        if isCancelled { return [.polled(continuation, .failure(CancellationError()))] }
        poller = (request, continuation)
        return answerPoller()
    }

    mutating func cancelPoll() -> Resumption? {
        guard let poller else { return nil }
        self.poller = nil
        return .polled(poller.continuation, .failure(CancellationError()))
    }

    private mutating func answerPoller() -> [Resumption] {
        guard let (request, continuation) = poller, head < queue.count || isFinished else { return [] }
        poller = nil
        var taken: [Resumption] = []
        let records = dequeue(request, &taken)
        let accepted = admitSenders()
        let isDrained = head == queue.count
        let batch = SourceBatch(records, isEnd: isFinished && isDrained, quiet: isDrained ? .zero : nil)
        return [.polled(continuation, .success(batch))] + taken + accepted
    }

    private mutating func dequeue(_ request: PollRequest, _ taken: inout [Resumption]) -> [ConnectorRecord] {
        var records: [ConnectorRecord] = []
        records.reserveCapacity(min(queue.count - head, request.maxRecords))
        var bytes = 0
        while head < queue.count, records.count < request.maxRecords {
            let entry = queue[head]
            guard let record = entry.record else { break }
            bytes += record.heldCount
            if bytes > request.maxBytes, !records.isEmpty { break }
            queue[head].record = nil
            head += 1
            records.append(record)
            polled[entry.token] = entry.first
            if handovers[entry.first]?.notePolled() == true { taken += [end(entry.first)].compactMap(\.self) }
            queuedBytes -= record.heldCount
        }
        forgetDequeued()
        return records
    }

    private mutating func forgetDequeued() {
        if head == queue.count {
            queue.removeAll(keepingCapacity: true)
            head = 0
        } else if head > 1024, head > queue.count / 2 {
            queue.removeFirst(head)
            head = 0
        }
    }

    // MARK: Outcomes

    mutating func acknowledge(_ acknowledgements: [Acknowledgement]) -> [Resumption] {
        acknowledgements.compactMap { acknowledgement in
            let offset = acknowledgement.position.offset
            guard let token = offset.sequence, offset.incarnation == incarnation,
                let first = polled.removeValue(forKey: token)
            else { return nil }
            let isLast = handovers[first]?.note(acknowledgement, at: Int(token - first)) ?? false
            return isLast ? end(first) : nil
        }
    }

    private mutating func end(_ first: Int64) -> Resumption? {
        handovers.removeValue(forKey: first).map { .caller($0.caller, .success($0.outcome)) }
    }

    // MARK: The end

    mutating func finish() -> [Resumption] {
        isFinished = true
        let refused = senders.map { Resumption.caller($0.handover.caller, .failure(Self.finished)) }
        senders = []
        return refused + answerPoller()
    }

    mutating func abandonPolled() -> [Resumption] {
        let abandoned = Set(polled.values)
        polled = [:]
        return abandoned.sorted().compactMap { fail($0) }
    }

    mutating func close() -> [Resumption] {
        queue = []
        head = 0
        queuedBytes = 0
        polled = [:]
        return finish() + handovers.keys.sorted().compactMap { fail($0) }
    }

    private mutating func fail(_ first: Int64) -> Resumption? {
        handovers.removeValue(forKey: first).map { .caller($0.caller, .failure(Self.stopped)) }
    }

    private static var finished: ConnectorError {
        ConnectorError(.notConnected, "the queue is finished and takes no more records")
    }

    private static var full: ConnectorError {
        ConnectorError(.throttled, "the queue is full; send the records again when the pipeline has caught up")
    }

    private static var late: ConnectorError {
        ConnectorError(.deadlineExceeded, "the records are not committed in time; they may be yet, or send them again")
    }

    private static var stopped: ConnectorError {
        ConnectorError(
            .notConnected,
            "the pipeline stopped before the record was committed; it may have been delivered, so send it again"
        )
    }
}
