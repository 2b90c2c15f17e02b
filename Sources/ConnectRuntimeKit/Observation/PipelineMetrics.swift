// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// The metrics of one pipeline at one moment, over all runs since it was made.
///
/// Each figure is here by its property, and all of them are in ``samples`` with names and labels, for exporters. Counters and
/// gauges are exact. Histograms are there where the observer is interested in
/// ``ObserverInterests/durations``; what they measure is in <doc:Metrics>.
public struct PipelineMetrics: Sendable {
    /// What concerns one sink.
    public struct SinkMetrics: Sendable {
        /// The name of the sink.
        public let name: String
        /// Records that the sink accepted, each part of a split one by itself.
        public internal(set) var accepted = 0
        /// How many records a put had.
        public internal(set) var putSizes = MetricHistogram(.sizes)
        /// How long puts took.
        public internal(set) var putDurations = MetricHistogram(.durations)
        /// How long flushes took.
        public internal(set) var flushDurations = MetricHistogram(.durations)
    }

    /// The name of the pipeline.
    public let pipeline: String
    /// How far its life has come.
    public internal(set) var state = PipelineState.created

    /// What was moved.
    public internal(set) var counts = DeliveryCounts()
    /// Records that were in flight when a run ended; they were read again, or will be.
    public internal(set) var abandoned = 0
    /// How often the pipeline was started again after a failure.
    public internal(set) var restarts = 0
    /// How often a call was made again because it had failed, by the call, such as `put of the orders`.
    public internal(set) var retries: [String: Int] = [:]

    /// How long polling has waited for the ``DeliveryOptions/rateLimit``; `nil` where there is none.
    public internal(set) var rateLimitedTime: Duration?

    /// Records that are polled and not settled.
    public internal(set) var inFlightRecords = 0
    /// Bytes of whole buffers that records in flight hold.
    public internal(set) var inFlightBytes = 0
    /// Records and progress marks that are polled and not committed.
    public internal(set) var uncommittedRecords = 0
    /// Bytes of data that are polled and not committed.
    public internal(set) var uncommittedBytes = 0
    /// Partitions that the source is to leave out, because too much of them waits behind a failing record.
    public internal(set) var heldBackPartitions = 0
    /// How far the source is behind, by partition; `nil` where it does not say, or has not said yet.
    public internal(set) var lag: [RecordPartition: Int64]?
    /// How long ago the last commit was, or that a look at the metrics last found something moved; `nil` before the
    /// first run.
    public internal(set) var timeSinceProgress: Duration?

    /// In the order of the pipeline.
    public internal(set) var sinks: [SinkMetrics] = []
    /// How many records a poll returned; polls that returned none are not counted.
    public internal(set) var pollSizes = MetricHistogram(.sizes)
    /// How long polls took.
    public internal(set) var pollDurations = MetricHistogram(.durations)
    /// How long the functions took for a batch.
    public internal(set) var functionDurations = MetricHistogram(.durations)
    /// How long the offset store took to save.
    public internal(set) var saveDurations = MetricHistogram(.durations)
    /// How long the source took to take note of a commit.
    public internal(set) var commitDurations = MetricHistogram(.durations)
    /// For each commit, how long ago the oldest batch was polled that was settled since the commit before.
    public internal(set) var pollToCommit = MetricHistogram(.durations)

    init(_ pipeline: String) { self.pipeline = pipeline }
}
