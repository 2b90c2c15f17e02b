// SPDX-License-Identifier: Apache-2.0

public import ConnectRuntimeKit
public import CoreMetrics
import Synchronization

/// A back end of swift-metrics that Prometheus can scrape: it keeps the figures and writes them in the text exposition
/// format 0.0.4.
///
/// ```swift
/// let metrics = PrometheusMetrics()
/// MetricsSystem.bootstrap(metrics)
/// Counter(label: "orders.accepted", dimensions: [("shop", "north")]).increment()
/// metrics.text()  // orders_accepted_total{shop="north"} 1
/// ```
///
/// - Counters get the ending `_total`, where they do not have it.
/// - Meters, and recorders that do not aggregate (`Gauge`), are gauges.
/// - Recorders that aggregate are histograms.
/// - Timers are histograms in seconds with the ending `_seconds`.
///
/// What Prometheus does not allow in a name becomes `_`. A metric whose name is taken by one of another kind gets the kind
/// as its ending. Two metrics of one label and the same dimensions are one. Destroying one of them forgets it.
public final class PrometheusMetrics: Sendable {
    /// What the histograms are like, and how much is kept.
    public struct Options: Sendable, Hashable {
        /// The upper bounds of the buckets of timers, in seconds.
        public var durationBounds: [Double] = [
            0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
        ]
        /// The upper bounds of the buckets of recorders.
        public var valueBounds: [Double] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 1e5, 1e6]
        /// How many series are kept. Others, which a label with an endless number of values would bring, are only counted, each
        /// time that they are made: `metrics_refused_series_total`.
        public var maxSeries = 10_000

        /// The defaults.
        public init() {}
    }

    private let options: Options
    private let registry: Mutex<PrometheusRegistry>

    /// Without a figure.
    public init(options: Options = Options()) {
        var options = options
        options.durationBounds = Self.ascending(options.durationBounds)
        options.valueBounds = Self.ascending(options.valueBounds)
        self.options = options
        registry = Mutex(PrometheusRegistry(maxSeries: options.maxSeries))
    }

    private static func ascending(_ bounds: [Double]) -> [Double] { Set(bounds.filter(\.isFinite)).sorted() }

    // MARK: Writing

    /// The media type of ``text(with:)``: `text/plain; version=0.0.4; charset=utf-8`.
    public static var contentType: String { PrometheusText.contentType }

    /// All figures in the text exposition format, each family once.
    ///
    /// - Parameter samples: what is written beside them: the figures of pipelines as they are at the moment. They are written
    ///   in place of what ``MetricsObserver`` has passed on under the same names.
    public func text(with samples: [MetricSample] = []) -> String {
        let registry = self.registry.withLock { $0 }
        var text = PrometheusText()
        var taken: Set<String> = []
        let figures = samples.compactMap { MetricFigure($0) }
        for family in PrometheusSampleFamily.all(of: figures) {
            taken.formUnion(family.kind.sampleNames(of: family.name))
            family.write(to: &text)
        }
        for family in registry.families.values.sorted(by: { $0.name < $1.name })
        where taken.isDisjoint(with: family.kind.sampleNames(of: family.name)) {
            text.family(family.name, family.kind, help: registry.help[family.label] ?? "The metric \(family.label).")
            for (_, series) in family.series.sorted(by: { $0.key < $1.key }) { series.write(to: &text) }
        }
        if registry.refused > 0 {
            let name = PrometheusRegistry.refusedName
            text.family(name, .counter, help: "How often a series was not kept, because there are too many.")
            text.sample(name, "", Double(registry.refused))
        }
        return text.text
    }

    private func forget(_ handler: AnyObject) {
        guard let series = handler as? any PrometheusSeries else { return }
        registry.withLock { $0.remove(series) }
    }
}

extension PrometheusMetrics: MetricsFactory {
    /// A counter.
    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        counter(label, dimensions)
    }

    /// A counter.
    public func makeFloatingPointCounter(
        label: String,
        dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        counter(label, dimensions)
    }

    /// A gauge.
    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        gauge(label, dimensions)
    }

    /// A histogram, or a gauge where nothing is to be aggregated.
    public func makeRecorder(
        label: String,
        dimensions: [(String, String)],
        aggregate: Bool
    ) -> any RecorderHandler {
        aggregate
            ? histogram(label, PrometheusName.metric(label), dimensions, options.valueBounds)
            : gauge(label, dimensions)
    }

    /// A histogram in seconds.
    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        histogram(label, PrometheusName.metric(label, ending: "_seconds"), dimensions, options.durationBounds)
    }

    /// Forgets the counter.
    public func destroyCounter(_ handler: any CounterHandler) { forget(handler) }
    /// Forgets the counter.
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { forget(handler) }
    /// Forgets the gauge.
    public func destroyMeter(_ handler: any MeterHandler) { forget(handler) }
    /// Forgets the histogram or the gauge.
    public func destroyRecorder(_ handler: any RecorderHandler) { forget(handler) }
    /// Forgets the histogram.
    public func destroyTimer(_ handler: any TimerHandler) { forget(handler) }

    private func counter(_ label: String, _ dimensions: [(String, String)]) -> PrometheusCounter {
        let name = PrometheusName.metric(label, ending: "_total")
        return registry.withLock { $0.series(label, .counter, name, dimensions) { PrometheusCounter($0) } }
    }

    private func gauge(_ label: String, _ dimensions: [(String, String)]) -> PrometheusGauge {
        let name = PrometheusName.metric(label)
        return registry.withLock { $0.series(label, .gauge, name, dimensions) { PrometheusGauge($0) } }
    }

    private func histogram(
        _ label: String,
        _ name: String,
        _ dimensions: [(String, String)],
        _ bounds: [Double]
    ) -> PrometheusHistogram {
        registry.withLock { $0.series(label, .histogram, name, dimensions) { PrometheusHistogram($0, bounds: bounds) } }
    }
}

extension PrometheusMetrics: HistogramMetricsFactory {
    /// Keeps the histogram as it is.
    public func setHistogram(label: String, dimensions: [(String, String)], to histogram: HistogramSnapshot) {
        self.histogram(label, PrometheusName.metric(label), dimensions, histogram.bounds).set(histogram)
    }

    /// Forgets the histogram.
    public func destroyHistogram(label: String, dimensions: [(String, String)]) {
        forget(histogram(label, PrometheusName.metric(label), dimensions, []))
    }

    /// The text of the line `# HELP`.
    public func describe(label: String, as help: String) {
        registry.withLock { $0.describe(label, help) }
    }
}
