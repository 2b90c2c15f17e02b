// SPDX-License-Identifier: Apache-2.0

public import CoreMetrics

/// A metrics back end that can take a histogram as a whole, and a sentence on what a metric means.
///
/// swift-metrics itself knows no histogram that somebody else has counted: its recorders take one value at a time.
/// ``MetricsObserver`` gives a back end of this kind the runtime's histograms as they are.
public protocol HistogramMetricsFactory: MetricsFactory {
    /// Puts a histogram in the place of the one with this label and these dimensions.
    func setHistogram(label: String, dimensions: [(String, String)], to histogram: HistogramSnapshot)
    /// Forgets the histogram with this label and these dimensions.
    func destroyHistogram(label: String, dimensions: [(String, String)])
    /// Says what the metrics of this label mean.
    func describe(label: String, as help: String)
}
