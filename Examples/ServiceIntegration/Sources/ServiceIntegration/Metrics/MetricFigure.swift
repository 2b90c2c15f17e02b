// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit

/// One figure of the runtime, in the form in which it is passed on.
struct MetricFigure: Sendable {
    enum Value: Sendable {
        /// Only grows, in whole numbers.
        case counter(Double)
        /// Only grows.
        case floatingCounter(Double)
        case gauge(Double)
        case histogram(HistogramSnapshot)
    }

    /// What tells one figure from another.
    struct Identity: Sendable, Hashable {
        let name: String
        let labels: [String: String]

        var dimensions: [(String, String)] { labels.sorted { $0.key < $1.key }.map { ($0.key, $0.value) } }
    }

    let identity: Identity
    let help: String
    let value: Value

    init(_ name: String, _ value: Value, _ labels: [String: String] = [:], help: String = "") {
        identity = Identity(name: name, labels: labels)
        self.help = help
        self.value = value
    }

    /// A sample; `nil` where it is of a kind that is not known here.
    init?(_ sample: MetricSample) {
        let value: Value
        switch (sample.metric.kind, sample.number, sample.histogram) {
        case (.counter, let number?, _):
            value = sample.metric.unit == "seconds" ? .floatingCounter(number) : .counter(number)
        case (.gauge, let number?, _): value = .gauge(number)
        case (.histogram, _, let histogram?): value = .histogram(HistogramSnapshot(histogram))
        default: return nil
        }
        self.init(sample.metric.name, value, sample.labels, help: sample.metric.help)
    }

    /// The figure in parts that every back end knows: a histogram becomes counters, each bucket with all that is below it.
    var counted: [MetricFigure] {
        guard case .histogram(let histogram) = value else { return [self] }
        let (name, labels) = (identity.name, identity.labels)
        let buckets = histogram.cumulative.map { bound, count in
            let labels = labels.merging(["le": PrometheusText.number(bound)]) { _, new in new }
            return MetricFigure("\(name)_bucket", .counter(Double(count)), labels, help: help)
        }
        return buckets + [
            MetricFigure("\(name)_sum", .floatingCounter(histogram.sum), labels, help: help),
            MetricFigure("\(name)_count", .counter(Double(histogram.count)), labels, help: help),
        ]
    }
}
