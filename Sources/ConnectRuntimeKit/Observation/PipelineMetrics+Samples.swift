// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension PipelineMetrics {
    /// All figures with their names and labels. Histograms without values are left out, and so is what is not known.
    public var samples: [MetricSample] {
        var list = SampleList(pipeline: pipeline)
        addCounters(to: &list)
        addGauges(to: &list)
        addHistograms(to: &list)
        for sink in sinks {
            let label = ["sink": sink.name]
            if sinks.count > 1 { list.add(.accepted, Double(sink.accepted), label) }
            list.add(.putSizes, sink.putSizes, label)
            list.add(.putDurations, sink.putDurations, label)
            list.add(.flushDurations, sink.flushDurations, label)
        }
        return list.samples
    }

    private func addCounters(to list: inout SampleList) {
        let outcomes = [
            ("delivered", counts.delivered), ("filtered", counts.filtered), ("dead-lettered", counts.deadLettered),
            ("dropped", counts.dropped), ("lost", counts.lost),
        ]
        list.add(.polled, Double(counts.polled))
        for (outcome, count) in outcomes { list.add(.settled, Double(count), ["outcome": outcome]) }
        list.add(.abandoned, Double(abandoned))
        list.add(.committed, Double(counts.committed))
        list.add(.retried, Double(counts.retried))
        list.add(.deliveredBytes, Double(counts.deliveredBytes))
        list.add(.restarts, Double(restarts))
        if let time = rateLimitedTime { list.add(.rateLimited, Self.seconds(time)) }
        for (call, count) in retries.sorted(by: { $0.key < $1.key }) {
            list.add(.retries, Double(count), ["call": call])
        }
    }

    private static func seconds(_ duration: Duration) -> Double { Double(duration.wholeNanoseconds) / 1e9 }

    private func addGauges(to list: inout SampleList) {
        list.add(.inFlightRecords, Double(inFlightRecords))
        list.add(.inFlightBytes, Double(inFlightBytes))
        list.add(.uncommittedRecords, Double(uncommittedRecords))
        list.add(.uncommittedBytes, Double(uncommittedBytes))
        list.add(.heldBack, Double(heldBackPartitions))
        if let lag { list.add(.lag, lag.values.reduce(0) { $0 + Double($1) }) }
        if let age = timeSinceProgress { list.add(.progressAge, Self.seconds(age)) }
        for known in PipelineState.all { list.add(.state, known == state ? 1 : 0, ["state": known.description]) }
    }

    private func addHistograms(to list: inout SampleList) {
        list.add(.pollSizes, pollSizes)
        list.add(.pollDurations, pollDurations)
        list.add(.functionDurations, functionDurations)
        list.add(.saveDurations, saveDurations)
        list.add(.commitDurations, commitDurations)
        list.add(.pollToCommit, pollToCommit)
    }
}

/// The samples of one pipeline.
private struct SampleList {
    let pipeline: String
    var samples: [MetricSample] = []

    mutating func add(_ metric: MetricSample.Metric, _ number: Double, _ labels: [String: String] = [:]) {
        samples.append(MetricSample(metric: metric, labels: complete(labels), number: number, histogram: nil))
    }

    mutating func add(_ metric: MetricSample.Metric, _ histogram: MetricHistogram, _ labels: [String: String] = [:]) {
        guard histogram.count > 0 else { return }
        samples.append(MetricSample(metric: metric, labels: complete(labels), number: nil, histogram: histogram))
    }

    private func complete(_ labels: [String: String]) -> [String: String] {
        labels.merging(["pipeline": pipeline]) { own, _ in own }
    }
}
