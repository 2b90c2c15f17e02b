// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension PipelineRun {
    var counts: DeliveryCounts {
        state.withLock(\.handOver)?.step { state, _ in state.ledger.counts } ?? DeliveryCounts()
    }

    /// What became of every record.
    var audit: DeliveryAudit {
        state.withLock(\.handOver)?.step { state, _ in state.audit } ?? .empty
    }

    /// Tells whether every record of the run is accounted for.
    ///
    /// - Parameter isDrained: whether nothing may be in flight any more.
    func reportAudit(isDrained: Bool) {
        let audit = audit
        var faults = audit.faults
        if isDrained, audit.totals.inFlight > 0 { faults.append("after the drain: \(audit.totals)") }
        pipeline.events.send(
            .audit,
            faults.isEmpty ? .debug : .error,
            faults.isEmpty
                ? "every record is accounted for: \(audit.totals)"
                : "the records do not add up, which is a fault of the runner: \(faults.joined(separator: "; "))"
        ) {
            $0.records = audit.totals.polled
        }
    }

    /// The calls that have not returned, for the one who asks what hangs.
    var runningCalls: [RunningCall] {
        let run = number
        return calls.calls + (state.withLock(\.handOver)?.step { state, _ in state.calls(ofRun: run) } ?? [])
    }

    /// Lets polling rest, from the start where there is nothing to poll yet.
    func pause() {
        let handOver = state.withLock { state in
            state.isPaused = true
            return state.handOver
        }
        handOver?.step { $0.pause(&$1) }
    }

    /// Waits until everything that was polled before a pause is delivered and committed. Before the first poll it is.
    func restInPause() async -> Bool {
        await state.withLock(\.handOver)?.restInPause() ?? state.withLock(\.isPaused)
    }

    func resume() {
        let handOver = state.withLock { state in
            state.isPaused = false
            return state.handOver
        }
        handOver?.step { $0.resume(&$1) }
    }

    /// Whether an error that ended the run is a failure, and not what became of calls that a stop cut short.
    func isFailed(by error: any Error) -> Bool {
        let code = (error as? ConnectorError)?.code
        guard code != .deadlineExceeded, state.withLock(\.lostClaim) == nil else { return true }
        let isCancelled = Task.isCancelled && (code == .cancelled || error is CancellationError)
        return !stop.isRequested && !isCancelled
    }

    /// Notes a call for the one who asks what hangs.
    func calling<Result: Sendable>(
        _ name: String,
        of connector: String,
        _ body: @Sendable () async throws -> Result
    ) async rethrows -> Result {
        try await calls.noting(name, of: connector, body)
    }

    /// Cancels a call when the pipeline is asked to stop meanwhile.
    func untilStopped<Result: Sendable>(_ body: @escaping @Sendable () async throws -> Result) async throws -> Result {
        let result = try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask { try await body() }
            group.addTask { [stop] in
                await stop.wait()
                return nil
            }
            defer { group.cancelAll() }
            let first = try await group.next() ?? nil
            if let first { return Optional(first) }
            group.cancelAll()
            // A call that was done all the same counts: what it took has to be given back.
            return try await group.next() ?? nil
        }
        guard let result else { throw CancellationError() }
        return result
    }
}

extension HandOverState {
    /// The polls and puts that have not returned.
    func calls(ofRun run: Int) -> [RunningCall] {
        let now = clock.now
        var calls: [RunningCall] = []
        if isPolling, !isPollPaused {
            let identity = CallIdentity(name: "poll", connector: "source", run: run, number: pollNumber)
            // One that is cancelled has to return.
            calls.append(RunningCall(identity, isWaiting: phase == .running))
        }
        if let call = inlineCall {
            let identity = CallIdentity(name: call.name, connector: call.connector, run: run, number: commitNumber)
            calls.append(RunningCall(identity))
        }
        for desk in desks where desk.runningPuts > 0 {
            for put in desk.queuedPuts {
                let identity = CallIdentity(name: "put", connector: desk.name, run: run, number: put.number)
                calls.append(RunningCall(identity, duration: now.since(put.start)))
            }
            guard desk.runningPuts > desk.queuedPuts.count else { continue }
            // Numbered as the poll whose batch it is: puts from the queue count down from the other end.
            let identity = CallIdentity(name: "put", connector: desk.name, run: run, number: pollNumber)
            calls.append(RunningCall(identity))
        }
        return calls
    }

    /// The call of a commit that the source's task has made, where no register has it.
    private var inlineCall: CallName? {
        guard meter == nil, let stage = inlineStage else { return nil }
        return switch stage {
        case .flush: CallName(name: "flush", connector: desks[0].name)
        case .save: CallName(name: "save", connector: "offset store")
        case .commit: CallName(name: "commit", connector: "source")
        }
    }
}
