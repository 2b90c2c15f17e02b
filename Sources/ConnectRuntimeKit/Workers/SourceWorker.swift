// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Polls a source and hands over what it returns, until the source ends or polling is stopped.
struct SourceWorker: ConnectorWorker {
    let name = "source"
    let connector: any Source
    let sink: SinkWorker
    let handOver: HandOver
    let context: ConnectorContext

    var hosted: any Connector { connector }

    /// Polls in a task of its own, so that a suspended poll can be cancelled without cancelling a put.
    func run() async {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                await poll()
                return false
            }
            group.addTask { await handOver.shouldCancelPoll() }
            for await shouldCancel in group where shouldCancel { group.cancelAll() }
        }
    }

    /// The way of every record: each step here is taken once for each batch, so it has few of them.
    ///
    /// Not marked `@concurrent`: as the child of a group it runs on no actor, and it does not look after each call
    /// whether it has to go back to its executor.
    private func poll() async {
        var units = UnitGatherer(isActive: sink.keepsPositions)
        let needsOffsets = connector.traits.acknowledgement == .individual
        let isPlain = sink.isPlain
        let lease = handOver.lease
        var next = await handOver.nextPoll(resting: rest)
        while let request = next {
            var batch: SourceBatch
            do {
                batch = try await connector.poll(request)
                if needsOffsets { try checkOffsets(batch) }
            } catch {
                notePollFailure(error)
                break
            }
            if lease.covers(batch), lease.beginPut() {
                let report = await putPlainly(batch.records)
                if report == nil, lease.endPut(batch.records) { continue }
                next = await pollAfterLease(batch.records, report)
                continue
            }
            let rejected = batch.rejected.isEmpty ? nil : batch.cutAtRejected()
            if units.isActive { batch = units.gather(batch) }
            if case .put(let isTimed) = handOver.sourceStep({ $0.accept(batch, &$1) }) {
                let step = await putInline(batch.records, isTimed: isTimed, isPlain: isPlain, isLast: rejected != nil)
                if case .poll(let request) = step {
                    next = request
                    continue
                }
            }
            if let rejected {
                handOver.fail(Self.stopping(at: rejected), sinkIsUsable: true)
                break
            }
            reportOpenUnit()
            next = await handOver.nextPoll(resting: rest)
        }
        handOver.sourceStep { $0.endSource(&$1) }
    }

    /// Puts with nothing around it; `nil` says that all is delivered.
    @inline(__always)
    private func putPlainly(_ records: [ConnectorRecord]) async -> PutReport? {
        do {
            let result = try await sink.connector.put(RecordBatch(records))
            return result.isDelivered ? nil : sink.report(result, records)
        } catch {
            return sink.report(error)
        }
    }

    /// Puts a batch of which this task has the turn; what to do next.
    private func putInline(
        _ records: [ConnectorRecord],
        isTimed: Bool,
        isPlain: Bool,
        isLast: Bool
    ) async -> HandOverState.PollStep {
        let report: PutReport?
        if isPlain, !isTimed {
            report = await putPlainly(records)
        } else {
            let steps = sink.keepsPositions ? handOver.sourceStep { state, _ in state.inlineSteps } : []
            report = await sink.put(records, steps, isTimed: isTimed, handOver.clock)
        }
        return handOver.sourceStep { state, wake in
            if let report {
                state.endInlinePut(records, report, &wake)
            } else {
                state.endDeliveredInlinePut(records, &wake)
            }
            return isLast ? .rest : pollStep(&state, &wake, lending: isPlain ? records : [])
        }
    }

    /// Ends the lease after a put, and what to do next.
    private func pollAfterLease(_ records: [ConnectorRecord], _ report: PutReport?) async -> PollRequest? {
        let step = handOver.sourceStep { state, wake in
            if let report {
                state.endLeasedPut(records, report, &wake)
            } else {
                state.endLeasedPut(&wake)
            }
            // The next put is timed, and then the turn may be lent again.
            return state.pollStep(&wake)
        }
        if case .poll(let request) = step { return request }
        reportOpenUnit()
        return await handOver.nextPoll(resting: rest)
    }

    /// The next poll, with the turn lent for some time to come where that is possible.
    @inline(__always)
    private func pollStep(
        _ state: inout HandOverState,
        _ wake: inout Wakeups,
        lending records: [ConnectorRecord]
    ) -> HandOverState.PollStep {
        let step = state.pollStep(&wake)
        if case .poll = step, let last = records.last {
            let length = state.leaseLength()
            if length > 0 { handOver.lease.grant(length, of: last.partition) }
        }
        return step
    }

    private func notePollFailure(_ error: any Error) {
        let isStopping = handOver.sourceStep { state, _ in
            state.isPolling = false
            return state.phase != .running
        }
        if !isStopping { handOver.fail(error.inCall("poll", of: name), sinkIsUsable: true) }
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
        if isResting { await observer.pollingWillRest() } else { await observer.pollingWillResume() }
    }

    private func reportOpenUnit() {
        guard handOver.step({ state, _ in state.shouldReportOpenUnit() }) else { return }
        context.emit(
            ConnectorEvent(
                .warning,
                "a unit is larger than what may be uncommitted; it is read to its end all the same"
            )
        )
    }

    private static func stopping(at rejected: RejectedInput) -> ConnectorError {
        ConnectorError(
            rejected.error.code,
            "the source rejected its input: \(rejected.error.message). Correct the input and start again; "
                + "everything before it is committed",
            cause: rejected.error.cause,
            position: rejected.position
        )
    }
}

extension SourceBatch {
    /// Leaves what comes before the first rejected input, and returns that input.
    ///
    /// As long as nothing takes rejected input, nothing behind it may be committed.
    fileprivate mutating func cutAtRejected() -> RejectedInput? {
        guard let first = rejected.min(by: { $0.index < $1.index }) else { return nil }
        self = SourceBatch(Array(records.prefix(first.index)), quiet: quiet)
        return first
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
