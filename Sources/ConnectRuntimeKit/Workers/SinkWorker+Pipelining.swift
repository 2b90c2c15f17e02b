// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Puts into a sink that takes the next batch while the one before is on its way.
extension SinkWorker {
    private struct BegunPut: Sendable {
        let job: PutJob
        let start: ConnectorClock.Instant
        let span: SpanSender.Beginning?
        let pending: Result<PendingPut, any Error>

        var isHandedOver: Bool { if case .success = pending { true } else { false } }
    }

    /// Puts what comes through the queue, several batches at a time.
    func run(_ sink: Int, _ handOver: HandOver, through pipeline: any PipeliningSink) async {
        var begun: [BegunPut] = []
        while true {
            if begun.isEmpty {
                guard let job = await handOver.nextPut(sink) else { return }
                begun.append(await begin(job, in: pipeline, handOver.clock))
            }
            while begun.last?.isHandedOver == true, let job = handOver.nextPutIfAny(sink) {
                begun.append(await begin(job, in: pipeline, handOver.clock))
            }
            let first = begun.removeFirst()
            var ended = [(job: first.job, report: await end(first, handOver.clock))]
            if !ended[0].report.isDelivered {
                // What of the others is behind a failed record in its lane, is known once they have ended.
                for put in begun { ended.append((put.job, await end(put, handOver.clock))) }
                begun = []
            }
            finish(ended, of: sink, handOver)
        }
    }

    private func begin(_ job: PutJob, in pipeline: any PipeliningSink, _ clock: ConnectorClock) async -> BegunPut {
        let (start, span) = (clock.now, retrier.spans.begin())
        let pending: Result<PendingPut, any Error>
        do {
            try await recover()
            pending = .success(try await pipeline.begin(batch(job.records)))
        } catch {
            pending = .failure(error)
        }
        return BegunPut(job: job, start: start, span: span, pending: pending)
    }

    private func end(_ put: BegunPut, _ clock: ConnectorClock) async -> PutReport {
        var failure: (any Error)?
        var report: PutReport
        do {
            report = self.report(try await put.pending.get().result())
        } catch {
            noteFailure(error)
            report = self.report(error)
            failure = error
        }
        retrier.spans.end(put.span, .send, of: name, TraceLinks(of: put.job.records), failure)
        if put.job.isTimed { report.nanoseconds = clock.now.nanoseconds - put.start.nanoseconds }
        return report
    }

    private func finish(_ puts: [(job: PutJob, report: PutReport)], of sink: Int, _ handOver: HandOver) {
        let retry = handOver.step { state, wake in
            for (index, put) in puts.enumerated() {
                state.finish(put.job, behindHeldLanesOf: sink, put.report, isBehindFailure: index > 0, &wake)
            }
            return state.takeRetry()
        }
        tell(retry)
    }
}
