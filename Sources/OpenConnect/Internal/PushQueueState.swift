// SPDX-License-Identifier: Apache-2.0

/// What a ``PushQueue`` knows. Each step returns what has to be resumed once the lock is released.
struct PushQueueState {
    struct Entry {
        var record: ConnectorRecord
        let token: Int64
        let wantsOutcome: Bool

        init(_ record: ConnectorRecord, token: Int64, incarnation: UInt64, wantsOutcome: Bool) {
            self.record = record
            self.record.offset = RecordOffset(token, incarnation: incarnation)
            self.token = token
            self.wantsOutcome = wantsOutcome
        }
    }

    enum Resumption {
        case accepted(CheckedContinuation<Void, any Error>, (any Error)?)
        case polled(CheckedContinuation<SourceBatch, any Error>, Result<SourceBatch, any Error>)
        case settled(CheckedContinuation<Acknowledgement, any Error>, Result<Acknowledgement, any Error>)

        func perform() {
            switch self {
            case .accepted(let continuation, nil): continuation.resume()
            case .accepted(let continuation, let error?): continuation.resume(throwing: error)
            case .polled(let continuation, let result): continuation.resume(with: result)
            case .settled(let continuation, let result): continuation.resume(with: result)
            }
        }
    }

    /// What is known of a record whose caller wants to know its outcome.
    private enum Outcome {
        case pending
        case awaited(CheckedContinuation<Acknowledgement, any Error>)
        case known(Result<Acknowledgement, any Error>)
    }

    private struct WaitingSender {
        let entry: Entry
        let continuation: CheckedContinuation<Void, any Error>
    }

    /// Tells this queue's tokens from those of any other, so that ids made of them never repeat.
    let incarnation: UInt64
    private let limits: PushQueue.Limits
    private var queue: [Entry] = []
    private var head = 0
    private var queuedBytes = 0
    private var senders: [WaitingSender] = []
    private var outcomes: [Int64: Outcome] = [:]
    private var polled: Set<Int64> = []
    private var poller: (request: PollRequest, continuation: CheckedContinuation<SourceBatch, any Error>)?
    private var lastToken: Int64 = 0
    private var isFinished = false
    private var isPollCancelled = false

    init(limits: PushQueue.Limits, incarnation: UInt64) {
        self.limits = limits
        self.incarnation = incarnation
    }

    var load: PushQueue.Load {
        let awaited = outcomes.values.count { if case .awaited = $0 { true } else { false } }
        return PushQueue.Load(
            queued: queue.count - head,
            senders: senders.count,
            awaited: awaited,
            isPolled: poller != nil
        )
    }

    mutating func makeToken() -> Int64 {
        lastToken += 1
        return lastToken
    }

    private func hasRoom(for entry: Entry) -> Bool {
        if head == queue.count { return true }
        return queue.count - head < limits.maxRecords
            && queuedBytes + entry.record.heldBytes.count <= limits.maxBytes
    }

    /// - Parameter isCancelled: whether the caller was cancelled already. One that is cancelled later is found among
    ///   those that wait: the mark is set before the handler runs, and this is asked under the lock.
    mutating func enqueue(
        _ entry: Entry,
        isCancelled: Bool,
        _ continuation: CheckedContinuation<Void, any Error>
    ) -> [Resumption] {
        if isFinished { return [.accepted(continuation, Self.finished)] }
        if isCancelled { return [.accepted(continuation, CancellationError())] }
        guard senders.isEmpty, hasRoom(for: entry) else {
            senders.append(WaitingSender(entry: entry, continuation: continuation))
            return []
        }
        accept(entry)
        return [.accepted(continuation, nil)] + answerPoller()
    }

    mutating func cancelEnqueue(_ token: Int64) -> Resumption? {
        guard let index = senders.firstIndex(where: { $0.entry.token == token }) else { return nil }
        return .accepted(senders.remove(at: index).continuation, CancellationError())
    }

    private mutating func accept(_ entry: Entry) {
        queue.append(entry)
        queuedBytes += entry.record.heldBytes.count
        if entry.wantsOutcome { outcomes[entry.token] = .pending }
    }

    mutating func poll(
        _ request: PollRequest,
        _ continuation: CheckedContinuation<SourceBatch, any Error>
    ) -> [Resumption] {
        if isPollCancelled { return [.polled(continuation, .failure(CancellationError()))] }
        poller = (request, continuation)
        return answerPoller()
    }

    mutating func cancelPoll() -> Resumption? {
        isPollCancelled = true
        guard let poller else { return nil }
        self.poller = nil
        return .polled(poller.continuation, .failure(CancellationError()))
    }

    private mutating func answerPoller() -> [Resumption] {
        guard let (request, continuation) = poller, head < queue.count || isFinished else { return [] }
        poller = nil
        let records = dequeue(request)
        let accepted = admitSenders()
        let isDrained = head == queue.count
        let batch = SourceBatch(records, isEnd: isFinished && isDrained, quiet: isDrained ? .zero : nil)
        return [.polled(continuation, .success(batch))] + accepted
    }

    private mutating func dequeue(_ request: PollRequest) -> [ConnectorRecord] {
        var records: [ConnectorRecord] = []
        var bytes = 0
        while head < queue.count, records.count < request.maxRecords {
            let entry = queue[head]
            bytes += entry.record.heldBytes.count
            if bytes > request.maxBytes, !records.isEmpty { break }
            records.append(entry.record)
            polled.insert(entry.token)
            queuedBytes -= entry.record.heldBytes.count
            head += 1
        }
        if head == queue.count {
            queue.removeAll(keepingCapacity: true)
            head = 0
        } else if head > 1024, head > queue.count / 2 {
            queue.removeFirst(head)
            head = 0
        }
        return records
    }

    private mutating func admitSenders() -> [Resumption] {
        var admitted = 0
        while admitted < senders.count, hasRoom(for: senders[admitted].entry) {
            accept(senders[admitted].entry)
            admitted += 1
        }
        let resumptions = senders[..<admitted].map { Resumption.accepted($0.continuation, nil) }
        senders.removeFirst(admitted)
        return resumptions
    }

    mutating func acknowledge(_ acknowledgements: [Acknowledgement]) -> [Resumption] {
        acknowledgements.compactMap { acknowledgement in
            let offset = acknowledgement.position.offset
            guard let token = offset.sequence, offset.incarnation == incarnation else { return nil }
            polled.remove(token)
            return settle(token, .success(acknowledgement))
        }
    }

    private mutating func settle(_ token: Int64, _ result: Result<Acknowledgement, any Error>) -> Resumption? {
        switch outcomes[token] {
        case .awaited(let continuation):
            outcomes[token] = nil
            return .settled(continuation, result)
        case .pending:
            outcomes[token] = .known(result)
            return nil
        case .known, nil:
            return nil
        }
    }

    mutating func awaitOutcome(
        of token: Int64,
        _ continuation: CheckedContinuation<Acknowledgement, any Error>
    ) -> Resumption? {
        guard case .known(let result) = outcomes[token] else {
            outcomes[token] = .awaited(continuation)
            return nil
        }
        outcomes[token] = nil
        return .settled(continuation, result)
    }

    /// The caller no longer waits; the record goes its way.
    mutating func cancelOutcome(of token: Int64) -> Resumption? {
        switch outcomes[token] {
        case .awaited(let continuation):
            outcomes[token] = nil
            return .settled(continuation, .failure(CancellationError()))
        case .pending:
            outcomes[token] = .known(.failure(CancellationError()))
            return nil
        case .known, nil:
            return nil
        }
    }

    mutating func finish() -> [Resumption] {
        isFinished = true
        let refused = senders.map { Resumption.accepted($0.continuation, Self.finished) }
        senders = []
        return refused + answerPoller()
    }

    mutating func abandonPolled() -> [Resumption] {
        let abandoned = polled
        polled = []
        isPollCancelled = false
        return abandoned.sorted().compactMap { settle($0, .failure(Self.stopped)) }
    }

    private static var finished: ConnectorError {
        ConnectorError(.notConnected, "the queue is finished and takes no more records")
    }

    private static var stopped: ConnectorError {
        ConnectorError(
            .notConnected,
            "the pipeline stopped before the record was committed; it may have been delivered, so send it again"
        )
    }
}
