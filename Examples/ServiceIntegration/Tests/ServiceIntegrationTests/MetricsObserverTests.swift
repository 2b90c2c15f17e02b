// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import Metrics
import OpenConnect
import Testing

@testable import ServiceIntegration

@Suite struct MetricsObserverTests {
    private static func time(_ seconds: Int64) -> RecordTimestamp {
        RecordTimestamp(nanosecondsSince1970: seconds * 1_000_000_000)
    }

    /// - Parameters:
    ///   - figures: what a counter shows, time after time.
    ///   - increments: what the back end is told.
    @Test(
        arguments: [
            ([3, 3, 10], [3, 0, 7]),
            ([3, 1, 2], [3, 1, 1]),
            ([5, 0, 5], [5, 0, 5]),
            ([0], [0]),
        ] as [([Double], [Double])]
    )
    func countersAreIncreased(figures: [Double], increments: [Double]) {
        let factory = RecordingMetrics()
        var bridge = MetricBridge()
        for (second, figure) in figures.enumerated() {
            let values = [
                MetricFigure("whole_total", .counter(figure), ["pipeline": "p"]),
                MetricFigure("part_total", .floatingCounter(figure / 4)),
            ]
            bridge.pass(values, to: factory, at: Self.time(Int64(second)))
        }
        #expect(factory.increments(of: "whole_total{pipeline=p}") == increments)
        #expect(factory.increments(of: "part_total") == increments.map { $0 / 4 })
    }

    @Test func figuresThatComeLateAreLeftOut() {
        let factory = RecordingMetrics()
        var bridge = MetricBridge()
        for (second, figure) in [(1000, 10.0), (990, 8), (1001, 11), (10, 12)] as [(Int64, Double)] {
            bridge.pass([MetricFigure("a_total", .counter(figure))], to: factory, at: Self.time(second))
        }
        #expect(factory.increments(of: "a_total") == [10, 1, 1])
    }

    @Test func gaugesAreSetAndForgotten() {
        let factory = RecordingMetrics()
        var bridge = MetricBridge()
        bridge.pass(
            [MetricFigure("lag", .gauge(2.5)), MetricFigure("a_total", .counter(1))],
            to: factory,
            at: Self.time(1)
        )
        #expect(factory.values["lag"] == 2.5)
        bridge.pass([MetricFigure("a_total", .counter(1))], to: factory, at: Self.time(2))
        #expect(factory.destroyed == ["lag"])
        bridge.pass([], to: factory, at: Self.time(3))
        #expect(factory.destroyed == ["lag", "a_total"])
        bridge.pass([MetricFigure("a_total", .counter(4))], to: factory, at: Self.time(4))
        #expect(factory.increments(of: "a_total").last == 4)
    }

    @Test func histogramsBecomeCountersThatLoseNothing() {
        let factory = RecordingMetrics()
        var bridge = MetricBridge()
        for buckets in [[1, 0, 2], [1, 3, 2]] {
            let histogram = HistogramSnapshot(bounds: [0.5, 1], buckets: buckets, sum: 4.5)
            bridge.pass([MetricFigure("t", .histogram(histogram), ["sink": "s"])], to: factory, at: Self.time(1))
        }
        #expect(
            factory.values == [
                "t_bucket{le=0.5,sink=s}": 1, "t_bucket{le=1,sink=s}": 4, "t_bucket{le=+Inf,sink=s}": 6,
                "t_sum{sink=s}": 4.5, "t_count{sink=s}": 6,
            ]
        )
    }

    @Test func histogramsGoToPrometheusAsTheyAre() {
        let metrics = PrometheusMetrics()
        var bridge = MetricBridge()
        let histogram = HistogramSnapshot(bounds: [0.5, 1], buckets: [1, 0, 2], sum: 4.5)
        let figures = [
            MetricFigure("t", .histogram(histogram), ["sink": "s"], help: "Time."),
            MetricFigure("c_total", .counter(2), help: "Count."),
        ]
        bridge.pass(figures, to: metrics, at: Self.time(1))
        #expect(
            metrics.text() == """
                # HELP c_total Count.
                # TYPE c_total counter
                c_total 2
                # HELP t Time.
                # TYPE t histogram
                t_bucket{sink="s",le="0.5"} 1
                t_bucket{sink="s",le="1"} 1
                t_bucket{sink="s",le="+Inf"} 3
                t_sum{sink="s"} 4.5
                t_count{sink="s"} 3

                """
        )
        bridge.pass([], to: metrics, at: Self.time(2))
        #expect(metrics.text().isEmpty)
    }

    /// A service may record into what the runtime has counted: other bounds do no harm.
    @Test func aHistogramThatWasSetCanBeRecordedInto() {
        let metrics = PrometheusMetrics()
        let histogram = HistogramSnapshot(bounds: [0.5], buckets: [1, 0], sum: 0.5)
        metrics.setHistogram(label: "t", dimensions: [], to: histogram)
        metrics.makeRecorder(label: "t", dimensions: [], aggregate: true).record(3.0)
        #expect(metrics.text().contains("t_bucket{le=\"+Inf\"} 2\n"))
    }

    @Test func everyMetricOfARuntimeIsPassedOn() async throws {
        let factory = RecordingMetrics()
        let prometheus = PrometheusMetrics()
        let observer = ObserverGroup(MetricsObserver(factory: factory), MetricsObserver(factory: prometheus))
        let log = InMemoryLog((0..<20).map { RecordData.text("\($0)") })
        let runtime = try ConnectRuntime(
            [Pipeline("p", from: log, to: InMemorySink(InMemoryLog()))],
            observer: observer
        )
        try await runtime.run()

        #expect(factory.values["openconnect_records_polled_total{pipeline=p}"] == 20)
        #expect(factory.values["openconnect_records_settled_total{outcome=delivered,pipeline=p}"] == 20)
        #expect(factory.values["openconnect_pipeline_state{pipeline=p,state=stopped}"] == 1)
        #expect(factory.values["openconnect_put_batch_records_sum{pipeline=p,sink=sink}"] == 20)
        let samples = runtime.metrics.samples
        // All but the age, which goes on, are the same by either way.
        let passed = prometheus.text().split(separator: "\n").filter { !$0.contains("_age_") }
        let direct = PrometheusMetrics().text(with: samples).split(separator: "\n").filter { !$0.contains("_age_") }
        #expect(passed.sorted() == direct.sorted())
        // And not twice.
        #expect(prometheus.text(with: samples).split(separator: "\n").count == direct.count + 3)
    }
}
