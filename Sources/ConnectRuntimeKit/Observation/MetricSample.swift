// SPDX-License-Identifier: Apache-2.0

/// One figure with its name and labels, for an exporter that knows nothing of pipelines.
public struct MetricSample: Sendable, Hashable {
    /// What a metric is: a name that does not change, and what its figures mean.
    public struct Metric: Sendable, Hashable, CustomStringConvertible {
        /// What the figures of a metric are.
        public struct Kind: Sendable, Hashable, CustomStringConvertible {
            /// The name of the kind.
            public let description: String
            /// Only grows.
            public static let counter = Kind(description: "counter")
            /// What is the case at the moment.
            public static let gauge = Kind(description: "gauge")
            /// How values are distributed.
            public static let histogram = Kind(description: "histogram")
        }

        /// The name, such as `openconnect_records_polled_total`.
        public let name: String
        /// What its figures are.
        public let kind: Kind
        /// What is counted or measured: `records`, `bytes`, `seconds`, `partitions`, …
        public let unit: String
        /// One sentence on what it means.
        public let help: String

        /// The name.
        public var description: String { name }
    }

    /// What it is a figure of.
    public let metric: Metric
    /// What tells it from other figures of the metric: `pipeline` always, then `sink`, `call`, `connector`, `outcome` or
    /// `state`.
    public let labels: [String: String]
    /// The figure of a counter or a gauge.
    public let number: Double?
    /// The figure of a histogram.
    public let histogram: MetricHistogram?
}

extension MetricSample.Metric {
    private static func counter(_ name: String, _ unit: String, _ help: String) -> Self {
        Self(name: "openconnect_\(name)_total", kind: .counter, unit: unit, help: help)
    }

    private static func gauge(_ name: String, _ unit: String, _ help: String) -> Self {
        Self(name: "openconnect_\(name)", kind: .gauge, unit: unit, help: help)
    }

    private static func histogram(_ name: String, _ unit: String, _ help: String) -> Self {
        Self(name: "openconnect_\(name)", kind: .histogram, unit: unit, help: help)
    }

    static let polled = counter("records_polled", "records", "Records that the source returned.")
    static let settled = counter("records_settled", "records", "Records that came to their end, by outcome.")
    static let abandoned = counter(
        "records_abandoned",
        "records",
        "Records in flight when a run ended, to be read again."
    )
    static let committed = counter("records_committed", "records", "Records and progress marks that are committed.")
    static let retried = counter("records_retried", "records", "Records that were put again, once for each time.")
    static let accepted = counter("sink_records_accepted", "records", "Records that a sink accepted.")
    static let deliveredBytes = counter("delivered_bytes", "bytes", "Bytes of data, as polled, of delivered records.")
    static let retries = counter("call_retries", "calls", "Calls that were made again after a failure.")
    static let restarts = counter("pipeline_restarts", "restarts", "Starts after a failure.")
    static let rateLimited = counter("rate_limited_seconds", "seconds", "Time that polling waited for the rate limit.")
    static let inFlightRecords = gauge("in_flight_records", "records", "Records that are polled and not settled.")
    static let inFlightBytes = gauge("in_flight_bytes", "bytes", "Bytes that the records in flight hold in memory.")
    static let uncommittedRecords = gauge(
        "uncommitted_records",
        "records",
        "Records and progress marks that are polled and not committed."
    )
    static let uncommittedBytes = gauge("uncommitted_bytes", "bytes", "Bytes of data polled and not committed.")
    static let heldBack = gauge("held_back_partitions", "partitions", "Partitions the source is to leave out.")
    static let lag = gauge("lag", "offsets", "How far the source is behind, over all partitions.")
    static let progressAge = gauge("progress_age_seconds", "seconds", "Time since something was last moved.")
    static let state = gauge("pipeline_state", "1", "1 for the state that the pipeline is in, 0 for the others.")
    static let pollSizes = histogram("poll_batch_records", "records", "Records in a polled batch.")
    static let putSizes = histogram("put_batch_records", "records", "Records in a put.")
    static let pollDurations = histogram("poll_duration_seconds", "seconds", "Time that polls took, sampled.")
    static let functionDurations = histogram(
        "function_duration_seconds",
        "seconds",
        "Time that the functions took for a batch."
    )
    static let putDurations = histogram("put_duration_seconds", "seconds", "Time that puts took, sampled.")
    static let flushDurations = histogram("flush_duration_seconds", "seconds", "Time that flushes took.")
    static let saveDurations = histogram("save_duration_seconds", "seconds", "Time that the offset store took to save.")
    static let commitDurations = histogram(
        "commit_duration_seconds",
        "seconds",
        "Time that the source took to note a commit."
    )
    static let pollToCommit = histogram(
        "poll_to_commit_seconds",
        "seconds",
        "Time from the poll of a commit's oldest batch until it was durable."
    )

    /// All metrics of a pipeline.
    public static let all: [MetricSample.Metric] = [
        polled, settled, abandoned, committed, retried, accepted, deliveredBytes, retries, restarts, rateLimited,
        inFlightRecords,
        inFlightBytes, uncommittedRecords, uncommittedBytes, heldBack, lag, progressAge, state, pollSizes, putSizes,
        pollDurations, functionDurations, putDurations, flushDurations, saveDurations, commitDurations, pollToCommit,
    ]
}
