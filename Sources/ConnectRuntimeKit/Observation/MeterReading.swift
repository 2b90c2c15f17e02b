// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// What a pipeline has counted and measured, in one run or in several.
struct MeterReading: Sendable {
    /// What concerns one sink.
    struct SinkReading: Sendable {
        /// Records that it accepted.
        var accepted = 0
        var putSizes = MetricHistogram(.sizes)
        var putDurations = MetricHistogram(.durations)
        var flushDurations = MetricHistogram(.durations)

        mutating func merge(_ other: SinkReading) {
            accepted += other.accepted
            putSizes.merge(other.putSizes)
            putDurations.merge(other.putDurations)
            flushDurations.merge(other.flushDurations)
        }
    }

    var counts = DeliveryCounts()
    /// Records that were in flight when their run ended.
    var abandoned = 0
    /// In the order of the pipeline's sinks.
    var sinks: [SinkReading] = []
    var pollSizes = MetricHistogram(.sizes)
    var pollDurations = MetricHistogram(.durations)
    var functionDurations = MetricHistogram(.durations)
    var saveDurations = MetricHistogram(.durations)
    var reportDurations = MetricHistogram(.durations)
    var latency = MetricHistogram(.durations)
    /// How often a call was made again.
    var retries: [CallName: Int] = [:]
    /// How long polling waited for the rate limit, where there is one.
    var rateLimitedTime: Duration?

    mutating func merge(_ other: MeterReading) {
        counts += other.counts
        abandoned += other.abandoned
        if sinks.isEmpty {
            sinks = other.sinks
        } else {
            for (index, sink) in other.sinks.enumerated() { sinks[index].merge(sink) }
        }
        pollSizes.merge(other.pollSizes)
        pollDurations.merge(other.pollDurations)
        functionDurations.merge(other.functionDurations)
        saveDurations.merge(other.saveDurations)
        reportDurations.merge(other.reportDurations)
        latency.merge(other.latency)
        if let time = other.rateLimitedTime { rateLimitedTime = (rateLimitedTime ?? .zero) + time }
        retries.merge(other.retries, uniquingKeysWith: +)
    }
}

/// A call, whoever makes it how often.
struct CallName: Sendable, Hashable {
    let name: String
    let connector: String
}

/// What a pipeline holds at a moment.
struct MeterGauges: Sendable {
    var inFlight = Charge()
    var uncommitted = Charge()
    var heldBackPartitions = 0
    var lastCommit: ConnectorClock.Instant?
}

extension DeliveryCounts {
    static func += (left: inout DeliveryCounts, right: DeliveryCounts) {
        left.polled += right.polled
        left.delivered += right.delivered
        left.filtered += right.filtered
        left.deadLettered += right.deadLettered
        left.dropped += right.dropped
        left.lost += right.lost
        left.committed += right.committed
        left.deliveredBytes += right.deliveredBytes
        left.marks += right.marks
        left.retried += right.retried
    }
}
