// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import OpenConnect

/// What was passed on to a metrics back end so far.
struct MetricBridge {
    private enum Series {
        case counter(Counter, last: Double)
        case floatingCounter(FloatingPointCounter, last: Double)
        case meter(Meter)
        case histogram
    }

    private var series: [MetricFigure.Identity: Series] = [:]
    private var newest: RecordTimestamp?

    /// How much older figures may be than the newest ones to be left out; older ones are those of a clock that was set.
    private static let staleness: Duration = .seconds(60)

    /// Passes figures on, and forgets those that are no longer there.
    mutating func pass(_ figures: [MetricFigure], to factory: any MetricsFactory, at time: RecordTimestamp) {
        guard !isStale(time) else { return }
        newest = time
        let histograms = factory as? any HistogramMetricsFactory
        let parts = histograms == nil ? figures.flatMap(\.counted) : figures
        for part in parts { pass(part, to: factory, histograms) }
        let present = Set(parts.map(\.identity))
        for (identity, gone) in series where !present.contains(identity) {
            destroy(gone, identity, histograms)
            series[identity] = nil
        }
    }

    /// Two tasks may hand over figures in the other order than they were taken: a counter would seem to have restarted.
    private func isStale(_ time: RecordTimestamp) -> Bool {
        guard let newest, time < newest else { return false }
        return newest < time.advanced(by: Self.staleness)
    }

    private mutating func pass(
        _ figure: MetricFigure,
        to factory: any MetricsFactory,
        _ histograms: (any HistogramMetricsFactory)?
    ) {
        let identity = figure.identity
        if series[identity] == nil { histograms?.describe(label: identity.name, as: figure.help) }
        switch (figure.value, series[identity]) {
        case (.counter(let value), .counter(let counter, let last)):
            counter.increment(by: Int64(clamping: Self.increase(from: last, to: value)))
            series[identity] = .counter(counter, last: value)
        case (.floatingCounter(let value), .floatingCounter(let counter, let last)):
            counter.increment(by: Self.increase(from: last, to: value))
            series[identity] = .floatingCounter(counter, last: value)
        case (.gauge(let value), .meter(let meter)): meter.set(value)
        case (.histogram(let histogram), _):
            histograms?.setHistogram(label: identity.name, dimensions: identity.dimensions, to: histogram)
            series[identity] = .histogram
        default:
            series[identity] = Self.made(figure, factory)
            pass(figure, to: factory, histograms)
        }
    }

    private static func made(_ figure: MetricFigure, _ factory: any MetricsFactory) -> Series {
        let (name, dimensions) = (figure.identity.name, figure.identity.dimensions)
        switch figure.value {
        case .counter: return .counter(Counter(label: name, dimensions: dimensions, factory: factory), last: 0)
        case .floatingCounter:
            let counter = FloatingPointCounter(label: name, dimensions: dimensions, factory: factory)
            return .floatingCounter(counter, last: 0)
        case .gauge: return .meter(Meter(label: name, dimensions: dimensions, factory: factory))
        case .histogram: return .histogram
        }
    }

    /// A figure that is smaller than before has begun anew, from nothing.
    private static func increase(from last: Double, to value: Double) -> Double {
        value >= last ? value - last : value
    }

    private func destroy(
        _ series: Series,
        _ identity: MetricFigure.Identity,
        _ histograms: (any HistogramMetricsFactory)?
    ) {
        switch series {
        case .counter(let counter, _): counter.destroy()
        case .floatingCounter(let counter, _): counter.destroy()
        case .meter(let meter): meter.destroy()
        case .histogram: histograms?.destroyHistogram(label: identity.name, dimensions: identity.dimensions)
        }
    }
}

extension Int64 {
    /// The whole number that is nearest to a figure.
    fileprivate init(clamping figure: Double) {
        self = Int64(exactly: figure.rounded()) ?? (figure > 0 ? .max : 0)
    }
}
