// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Polls a source and hands over what it returns, until the source ends or polling is stopped.
final class SourceWorker: ConnectorWorker {
    let name = "source"
    let connector: any Source
    /// Where the source has a reader for each partition: what these have read.
    let pool: PartitionPool?
    let sinks: [SinkWorker]
    let stage: FunctionStage
    let retrier: Retrier
    let handOver: HandOver
    let context: ConnectorContext

    init(
        connector: any Source,
        pool: PartitionPool?,
        sinks: [SinkWorker],
        stage: FunctionStage,
        retrier: Retrier,
        handOver: HandOver,
        context: ConnectorContext
    ) {
        self.connector = connector
        self.pool = pool
        self.sinks = sinks
        self.stage = stage
        self.retrier = retrier
        self.handOver = handOver
        self.context = context
    }

    var hosted: any Connector { connector }

    /// Polls in a task of its own, so that a suspended poll can be cancelled without cancelling a put.
    func run(_ committer: Committer) async {
        await withTaskGroup { group in
            group.addTask { await self.read(committer) }
            if pool != nil || connector is any HoldObserving { group.addTask { await self.tellHolds() } }
            if await handOver.shouldCancelPoll() { group.cancelAll() }
            if handOver.step({ state, _ in state.phase != .running }) { stage.halt.request() }
        }
    }

    private func read(_ committer: Committer) async {
        var units = UnitGatherer(isActive: sinks.contains(where: \.keepsPositions))
        if let pool { await read(through: pool, &units, committer) } else { await poll(&units, committer) }
        if units.isActive { forgetClosedPartitions(&units) }
        refuseOpenEnd()
        noteUnstaged(units.charge.records)
        handOver.sourceStep { $0.endSource(&$1) }
    }

    @inline(never)
    private func read(
        through pool: PartitionPool,
        _ units: inout UnitGatherer,
        _ committer: Committer
    ) async {
        await withTaskGroup { group in
            group.addTask { await self.loops(of: pool).run() }
            await poll(&units, committer)
            group.cancelAll()
        }
        for batch in pool.takeRest() { _ = await take(batch, &units, isPlain: false) }
    }

    private func loops(of pool: PartitionPool) -> PartitionLoops {
        PartitionLoops(
            pool: pool,
            name: name,
            retrier: retrier,
            context: context,
            isPolling: { [handOver] in handOver.step { state, _ in state.isPolling } }
        ) { [handOver, retrier] error in
            let isStopping = handOver.step { state, _ in state.phase != .running }
            if !isStopping, !retrier.stop.isRequested { handOver.fail(error, sinkIsUsable: true) }
        }
    }

    /// Tells the source, while its poll is suspended, which partitions are held back now.
    private func tellHolds() async {
        let observer = connector as? any HoldObserving
        while let partitions = await handOver.nextHoldChange() {
            pool?.holdBack(partitions)
            guard let observer else { continue }
            await retrier.calls.noting("heldBackPartitionsChanged", of: name) {
                await observer.heldBackPartitionsChanged(to: partitions)
            }
        }
    }

    /// The way of every record: each step here is taken once for each batch, so it has few of them.
    ///
    /// Not marked `@concurrent`: as the child of a group it runs on no actor, and it does not look after each call
    /// whether it has to go back to its executor.
    private func poll(_ units: inout UnitGatherer, _ committer: Committer) async {
        let polled: any Source = pool ?? connector
        var failures = Retrier.Failures()
        let needsOffsets = connector.traits.acknowledgement == .individual
        let isTraced = retrier.spans.isActive
        // With spans, each put has one; with a limit, each batch is counted.
        let isLimited = retrier.options.rateLimit != nil
        let isPlain = sinks.count == 1 && sinks[0].isPlain && stage.functions.isEmpty && !isTraced && !isLimited
        let lease = handOver.lease
        var sampling = PollSampling(isMeasuring: handOver.pollMeter != nil, isTraced: isTraced)
        var next = await handOver.nextPoll(resting: rest)
        while let request = next {
            let batch: SourceBatch
            do {
                if sampling.shouldMeasure() {
                    batch = try await measuring(&sampling) { try await polled.poll(request) }
                } else {
                    batch = try await polled.poll(request)
                }
                if isLimited { handOver.sourceStep { state, _ in state.chargeRate(batch) } }
                if needsOffsets { try checkOffsets(batch) }
            } catch {
                if await pause(after: error, &failures) { continue }
                break
            }
            if failures.count > 0 { failures = Retrier.Failures() }
            if isPlain, lease.covers(batch), lease.beginPut() {
                let report = await putPlainly(batch.records)
                if report == nil, lease.endPut(batch.records) { continue }
                next = await self.next(after: endLease(batch.records, report), committer)
                continue
            }
            switch await take(batch, &units, isPlain: isPlain) {
            case .poll(let request): next = request
            case let step: next = await self.next(after: step, committer)
            }
        }
    }

    /// The next request, or `nil` when the source is to be polled no more.
    @inline(never)
    private func next(after step: HandOverState.NextStep, _ committer: Committer) async -> PollRequest? {
        switch step {
        case .poll(let request): return request
        case .end: return nil
        case .commit: await committer.commitInline()
        case .look: reportOpenUnit()
        }
        return await handOver.nextPoll(resting: rest)
    }

    /// Measures a poll, and tells of it.
    private func measuring(
        _ sampling: inout PollSampling,
        _ poll: () async throws -> SourceBatch
    ) async throws -> SourceBatch {
        let span = retrier.spans.begin()
        let start = handOver.clock.now.nanoseconds
        do {
            let batch = try await poll()
            let duration = handOver.clock.now.nanoseconds - start
            handOver.pollMeter?.record(duration)
            sampling.note(duration)
            if !batch.records.isEmpty {
                retrier.spans.end(span, .receive, of: name, TraceLinks(of: batch.records))
            }
            return batch
        } catch {
            retrier.spans.end(span, .receive, of: name, TraceLinks(), error)
            throw error
        }
    }

    /// Hands a batch over, or puts it at once; what to do next.
    @inline(never)
    private func take(
        _ batch: SourceBatch,
        _ units: inout UnitGatherer,
        isPlain: Bool
    ) async -> HandOverState.NextStep {
        if units.isActive { forgetClosedPartitions(&units) }
        guard stage.functions.isEmpty, batch.rejected.isEmpty else { return await stage(batch, &units) }
        let batch = units.isActive ? units.gather(batch) : batch
        noteGathered(units)
        switch await handOver.accept(resting: rest, { $0.accept(batch, &$1) }) {
        case .put(let isTimed):
            return await putInline(batch.records, isTimed: isTimed, isPlain: isPlain)
        case .putJob(let job):
            return await putInline(job)
        case .queued, .held:
            return .look
        }
    }

    /// The same where functions change the batch, or something in it is rejected.
    @inline(never)
    private func stage(_ batch: SourceBatch, _ units: inout UnitGatherer) async -> HandOverState.NextStep {
        let input = units.gather(PolledInput(batch))
        noteGathered(units)
        // No function sees, while polling rests, what the last poll has returned.
        _ = await handOver.accept(resting: rest) { $0.beginFunctions(input.records, &$1) }
        let output: FunctionStage.Output
        do {
            let start = retrier.calls.isMeasuring && !input.records.isEmpty ? handOver.clock.now : nil
            let span = retrier.spans.begin()
            output = try await stage.stage(input, of: batch)
            if !stage.functions.isEmpty, !input.records.isEmpty {
                retrier.spans.end(
                    span,
                    .process,
                    of: "functions",
                    TraceLinks(of: input.records),
                    output.failure
                )
            }
            if let start, !stage.functions.isEmpty { retrier.calls.noteFunctions(since: start) }
        } catch {
            noteUnstaged(input.records.count)
            notePollFailure(error)
            return .end
        }
        noteUnstaged(input.records.count - output.staged.polled.count)
        let isEnd = batch.isEnd && output.failure == nil
        let step = await handOver.accept(resting: rest) { $0.accept(output.staged, isEnd: isEnd, &$1) }
        var next = HandOverState.NextStep.look
        if case .putJob(let job) = step { next = await putInline(job) }
        guard let failure = output.failure else { return next }
        handOver.fail(failure, sinkIsUsable: true)
        return .end
    }

    /// Counts records that were polled and will not get as far as the sinks in this run.
    private func noteUnstaged(_ count: Int) {
        if count > 0 { handOver.sourceStep { state, _ in state.ledger.notePolled(count) } }
    }

    private func forgetClosedPartitions(_ units: inout UnitGatherer) {
        let closed = handOver.sourceStep { state, _ in state.takeClosedPartitions() }
        let lost = closed.isEmpty ? 0 : units.forget(closed)
        if lost > 0 { handOver.sourceStep { state, _ in state.ledger.noteLost(lost) } }
        noteGathered(units)
    }

    private func noteGathered(_ units: UnitGatherer) {
        guard units.isActive else { return }
        handOver.sourceStep { state, _ in state.gathered = units.charge }
    }

    @inline(never)
    private func putInline(_ job: PutJob) async -> HandOverState.NextStep {
        let report = await sinks[0].put(job, handOver.clock)
        let (step, retry) = handOver.sourceStep { state, wake in
            state.finish(job, of: 0, report, &wake)
            return (state.nextStep(&wake), state.takeRetry())
        }
        sinks[0].tell(retry)
        return step
    }

    /// Puts with nothing around it; `nil` says that all is delivered.
    @inline(__always)
    private func putPlainly(_ records: [ConnectorRecord]) async -> PutReport? {
        do {
            let result = try await sinks[0].connector.put(sinks[0].batch(records))
            return result.isDelivered ? nil : sinks[0].report(result)
        } catch {
            sinks[0].noteFailure(error)
            return sinks[0].report(error)
        }
    }

    /// Puts a batch of which this task has the turn; what to do next.
    private func putInline(
        _ records: [ConnectorRecord],
        isTimed: Bool,
        isPlain: Bool
    ) async -> HandOverState.NextStep {
        let report: PutReport?
        if isPlain, !isTimed {
            report = await putPlainly(records)
        } else {
            var job = PutJob(records: records)
            job.isTimed = isTimed
            if sinks[0].keepsPositions { job.steps = handOver.sourceStep { state, _ in state.inlineSteps } }
            report = await sinks[0].put(job, handOver.clock)
        }
        guard let report else {
            return handOver.sourceStep { state, wake in
                state.endDeliveredInlinePut(records, &wake)
                return nextStep(&state, &wake, lending: isPlain ? records : [])
            }
        }
        let (step, retry) = handOver.sourceStep { state, wake in
            state.endInlinePut(records, report, &wake)
            return (nextStep(&state, &wake, lending: isPlain ? records : []), state.takeRetry())
        }
        sinks[0].tell(retry)
        return step
    }

    /// Ends the lease after a put; what to do next.
    @inline(never)
    private func endLease(_ records: [ConnectorRecord], _ report: PutReport?) -> HandOverState.NextStep {
        let (step, retry) = handOver.sourceStep { state, wake in
            if let report {
                state.endLeasedPut(records, report, &wake)
            } else {
                state.endLeasedPut(&wake)
            }
            // The next put is timed, and then the turn may be lent again.
            return (state.nextStep(&wake), report == nil ? nil : state.takeRetry())
        }
        sinks[0].tell(retry)
        return step
    }

    /// The next poll, with the turn lent for some time to come where that is possible.
    @inline(__always)
    private func nextStep(
        _ state: inout HandOverState,
        _ wake: inout Wakeups,
        lending records: [ConnectorRecord]
    ) -> HandOverState.NextStep {
        let step = state.nextStep(&wake)
        if case .poll = step, let last = records.last {
            let length = state.leaseLength()
            if length > 0 { handOver.lease.grant(length, of: last.partition) }
        }
        return step
    }

    /// Waits before the next poll, where the policy allows one; `false` when there is to be none.
    @inline(never)
    private func pause(after error: any Error, _ failures: inout Retrier.Failures) async -> Bool {
        var error = error.inCall("poll", of: name)
        handOver.sourceStep { state, _ in state.isPollPaused = true }
        while error.code != .cancelled, !Task.isCancelled {
            guard (try? await retrier.pause(after: error, &failures, "poll", name)) != nil else { break }
            guard error.code == .notConnected, let source = connector as? any Reconnecting else {
                handOver.sourceStep { state, _ in state.endPollPause() }
                return true
            }
            do {
                try await retrier.calls.noting("reconnect", of: name) { try await source.reconnect() }
                handOver.sourceStep { state, _ in state.endPollPause() }
                return true
            } catch let failure {
                error = failure.inCall("reconnect", of: name)
            }
        }
        notePollFailure(error)
        return false
    }

    @inline(never)
    private func notePollFailure(_ error: any Error) {
        let isStopping = handOver.sourceStep { state, _ in
            state.endPolling()
            return state.phase != .running
        }
        if !isStopping, !retrier.stop.isRequested { handOver.fail(error.inCall("poll", of: name), sinkIsUsable: true) }
    }

    /// A position that cannot be acknowledged is refused where it is emitted.
    private func checkOffsets(_ batch: SourceBatch) throws {
        guard let index = batch.records.firstIndex(where: { !$0.hasOffset }) else { return }
        throw ConnectorError(
            .fatal,
            "record \(index) of the batch has no offset, but the source acknowledges each record by its offset; "
                + "give every record an offset"
        )
    }

    private func rest(_ isResting: Bool) async {
        guard let observer = connector as? any FlowObserving else { return }
        await retrier.calls.noting(isResting ? "pollingWillRest" : "pollingWillResume", of: name) {
            if isResting { await observer.pollingWillRest() } else { await observer.pollingWillResume() }
        }
    }

    /// What belongs to no whole unit is never committed: a run that ends so is not done.
    private func refuseOpenEnd() {
        guard handOver.step({ state, _ in state.hasEndedInsideUnit }) else { return }
        let error = ConnectorError(
            .fatal,
            "the source ended inside a unit: its last records have no offset behind them, so they are not committed and are "
                + "read again next time; give the last record of each unit an offset"
        )
        handOver.fail(error, sinkIsUsable: true)
    }

    private func reportOpenUnit() {
        guard handOver.step({ state, _ in state.shouldReportOpenUnit() }) else { return }
        retrier.events.send(
            .unitLarge,
            .warning,
            "a unit is larger than what may be uncommitted; it is read to its end all the same"
        )
    }
}

extension Error {
    /// The error as one that says which call of which connector it came from.
    func inCall(_ call: String, of connector: String) -> ConnectorError {
        if let error = self as? ConnectorError { return error }
        if self is CancellationError {
            return ConnectorError(.cancelled, "\(call) of the \(connector) was cancelled", cause: self)
        }
        return ConnectorError(.fatal, "\(call) of the \(connector) failed", cause: self)
    }
}
