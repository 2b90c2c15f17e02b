// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension Pipeline {
    /// What was counted and measured since the pipeline was made, and what it holds at the moment.
    ///
    /// Costs a few microseconds, of which the pipeline waits for less than one. A source that reports its lag is asked
    /// by it, at most once a second; the answer is in the metrics that are taken next.
    public var metrics: PipelineMetrics {
        let (state, restarts, reading, gauges, lag) = observed
        var metrics = PipelineMetrics(name)
        metrics.state = state
        metrics.counts = reading.counts
        metrics.abandoned = reading.abandoned
        metrics.restarts = restarts
        for (call, count) in reading.retries { metrics.retries["\(call.name) of the \(call.connector)"] = count }
        metrics.rateLimitedTime = reading.rateLimitedTime
        metrics.inFlightRecords = gauges.inFlight.records
        metrics.inFlightBytes = gauges.inFlight.bytes
        metrics.uncommittedRecords = gauges.uncommitted.records
        metrics.uncommittedBytes = gauges.uncommitted.bytes
        metrics.heldBackPartitions = gauges.heldBackPartitions
        metrics.lag = lag
        metrics.timeSinceProgress = timeSinceProgress(reading.counts, gauges.lastCommit)
        metrics.sinks = sinks.enumerated().map { index, sink in
            var metrics = PipelineMetrics.SinkMetrics(name: sink.name)
            guard index < reading.sinks.count else { return metrics }
            metrics.accepted = reading.sinks[index].accepted
            metrics.putSizes = reading.sinks[index].putSizes
            metrics.putDurations = reading.sinks[index].putDurations
            metrics.flushDurations = reading.sinks[index].flushDurations
            return metrics
        }
        metrics.pollSizes = reading.pollSizes
        metrics.pollDurations = reading.pollDurations
        metrics.functionDurations = reading.functionDurations
        metrics.saveDurations = reading.saveDurations
        metrics.commitDurations = reading.reportDurations
        metrics.pollToCommit = reading.latency
        return metrics
    }
}

extension PipelineRun {
    /// What this run has counted and measured.
    var reading: MeterReading {
        guard let handOver = state.withLock(\.handOver) else {
            var reading = MeterReading()
            calls.read(into: &reading, sinks: pipeline.sinks.map(\.name))
            return reading
        }
        var reading = handOver.step { state, _ in state.reading }
        reading.pollDurations = handOver.pollMeter?.histogram ?? reading.pollDurations
        calls.read(into: &reading, sinks: pipeline.sinks.map(\.name))
        return reading
    }

    var gauges: MeterGauges {
        state.withLock(\.handOver)?.step { state, _ in state.gauges } ?? MeterGauges()
    }
}
