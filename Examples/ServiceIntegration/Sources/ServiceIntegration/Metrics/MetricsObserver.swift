// SPDX-License-Identifier: Apache-2.0

public import ConnectRuntimeKit
public import CoreMetrics
import Synchronization

/// Passes the metrics of pipelines on to a back end of swift-metrics.
///
/// Labels, dimensions and their figures are those of ``/ConnectRuntimeKit/MetricSample``. The runtime hands them over at its
/// `metricsInterval`, and once more when it ends.
///
/// - Counters are increased by as much as the figure has grown since the last time. A figure that is smaller than before
///   has begun anew, and counts from 0. Seconds go to floating-point counters, so that no fraction is lost.
/// - Gauges are set on meters.
/// - Histograms go as they are to a back end that is a ``HistogramMetricsFactory``, such as ``PrometheusMetrics``. For any
///   other they become counters: `…_bucket` with the dimension `le` for how many values are at most as large, `…_sum` and
///   `…_count`. That is how Prometheus keeps histograms, nothing is lost, and quantiles can be estimated from it. A recorder
///   would have to be told every single value.
///
/// What a pipeline had that was removed is destroyed in the back end. One observer belongs to one runtime.
public final class MetricsObserver: RuntimeObserver {
    private let factory: (any MetricsFactory)?
    private let bridge = Mutex(MetricBridge())

    /// An observer that tells a back end.
    ///
    /// - Parameter factory: the back end; by default that with which `MetricsSystem` was bootstrapped.
    public init(factory: (any MetricsFactory)? = nil) {
        self.factory = factory
    }

    /// Durations.
    public var interests: ObserverInterests { .durations }

    /// Does nothing.
    public func observe(_ event: RuntimeEvent) {}

    /// Passes figures on. Those that are older than ones that were passed on before are left out.
    public func observe(_ metrics: RuntimeMetrics) {
        let figures = metrics.samples.compactMap { MetricFigure($0) }
        bridge.withLock { $0.pass(figures, to: factory ?? MetricsSystem.factory, at: metrics.time) }
    }
}
