// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Polls a source and hands over what it returns, until the source ends or polling is stopped.
struct SourceWorker: ConnectorWorker {
    let name = "source"
    let connector: any Source
    let sink: SinkWorker
    let handOver: HandOver
    let context: ConnectorContext

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
    @concurrent
    private func poll() async {
        var units = UnitGatherer(isActive: sink.keepsPositions)
        let needsOffsets = connector.traits.acknowledgement == .individual
        let isPlain = sink.isPlain
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
            if units.isActive { batch = units.gather(batch) }
            let rejected = batch.rejected.isEmpty ? nil : batch.cutAtRejected()
            if case .put(let isTimed, let steps) = handOver.step({ $0.accept(batch, &$1) }) {
                let report: PutReport?
                if isPlain, !isTimed {
                    do {
                        let result = try await sink.connector.put(RecordBatch(batch.records))
                        report = result.isDelivered ? nil : sink.report(result, batch.records)
                    } catch {
                        report = sink.report(error)
                    }
                } else {
                    report = await sink.put(batch.records, steps, isTimed: isTimed, handOver.clock)
                }
                let step = handOver.step { state, wake in
                    if let report {
                        state.endInlinePut(batch.records, report, &wake)
                    } else {
                        state.endDeliveredInlinePut(batch.records, &wake)
                    }
                    return rejected == nil ? state.pollStep(&wake) : .rest
                }
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
        handOver.step { $0.endSource(&$1) }
    }

    private func notePollFailure(_ error: any Error) {
        let isStopping = handOver.step { state, _ in
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
            ConnectorEvent(.warning, "a unit is larger than what may be uncommitted; it is read to its end all the same")
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
