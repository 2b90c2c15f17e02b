// SPDX-License-Identifier: Apache-2.0

import Metrics
import ServiceIntegration
import Testing

@Suite struct PrometheusMetricsTests {
    @Test func writesEachKind() {
        let metrics = PrometheusMetrics()
        Counter(label: "shop.orders", dimensions: [("region", "no\"rth"), ("a", "1")], factory: metrics).increment(
            by: 3
        )
        FloatingPointCounter(label: "work.seconds", factory: metrics).increment(by: 0.25)
        Meter(label: "queue.length", factory: metrics).set(7)
        Gauge(label: "temperature", factory: metrics).record(-1.5)
        #expect(
            metrics.text() == """
                # HELP queue_length The metric queue.length.
                # TYPE queue_length gauge
                queue_length 7
                # HELP shop_orders_total The metric shop.orders.
                # TYPE shop_orders_total counter
                shop_orders_total{a="1",region="no\\"rth"} 3
                # HELP temperature The metric temperature.
                # TYPE temperature gauge
                temperature -1.5
                # HELP work_seconds_total The metric work.seconds.
                # TYPE work_seconds_total counter
                work_seconds_total 0.25

                """
        )
    }

    @Test func writesHistograms() {
        var options = PrometheusMetrics.Options()
        options.durationBounds = [1, .infinity, 0.5, 1]
        options.valueBounds = [10]
        let metrics = PrometheusMetrics(options: options)
        let timer = Timer(label: "request", dimensions: [("le", "x")], factory: metrics)
        for milliseconds in [500, 501, 1000, 1001] { timer.recordMilliseconds(milliseconds) }
        let recorder = Recorder(label: "size", factory: metrics)
        recorder.record(10)
        recorder.record(10.5)
        recorder.record(Double.nan)
        #expect(
            metrics.text() == """
                # HELP request_seconds The metric request.
                # TYPE request_seconds histogram
                request_seconds_bucket{exported_le="x",le="0.5"} 1
                request_seconds_bucket{exported_le="x",le="1"} 3
                request_seconds_bucket{exported_le="x",le="+Inf"} 4
                request_seconds_sum{exported_le="x"} 3.002
                request_seconds_count{exported_le="x"} 4
                # HELP size The metric size.
                # TYPE size histogram
                size_bucket{le="10"} 1
                size_bucket{le="+Inf"} 2
                size_sum 20.5
                size_count 2

                """
        )
    }

    @Test func countersOnlyGrow() {
        let metrics = PrometheusMetrics()
        let counter = Counter(label: "a", factory: metrics)
        counter.increment(by: 5)
        counter.increment(by: -3)
        let floating = FloatingPointCounter(label: "b", factory: metrics)
        floating.increment(by: 1.5)
        for amount in [-1, .nan, .infinity] { floating.increment(by: amount) }
        #expect(metrics.text().contains("\na_total 5\n"))
        #expect(metrics.text().contains("\nb_total 1.5\n"))
        counter.reset()
        #expect(metrics.text().contains("\na_total 0\n"))
    }

    @Test func metersGoUpAndDown() {
        let metrics = PrometheusMetrics()
        let meter = Meter(label: "a", factory: metrics)
        meter.set(2.5)
        meter.increment(by: 2)
        meter.decrement(by: 1)
        #expect(metrics.text().contains("\na 3.5\n"))
    }

    @Test func oneLabelIsOneSeriesWhateverTheOrderOfItsDimensions() {
        let metrics = PrometheusMetrics()
        Counter(label: "a", dimensions: [("x", "1"), ("y", "2")], factory: metrics).increment()
        Counter(label: "a", dimensions: [("y", "2"), ("x", "1")], factory: metrics).increment()
        Counter(label: "a", dimensions: [("x", "2")], factory: metrics).increment()
        let text = metrics.text()
        #expect(text.contains(#"a_total{x="1",y="2"} 2"#))
        #expect(text.contains(#"a_total{x="2"} 1"#))
        #expect(text.ranges(of: "# TYPE a_total").count == 1)
        #expect(text.ranges(of: "# HELP a_total").count == 1)
    }

    @Test func aNameBelongsToOneKind() {
        let metrics = PrometheusMetrics()
        Meter(label: "a_total", factory: metrics).set(1)
        Counter(label: "a", factory: metrics).increment(by: 2)
        Recorder(label: "b", factory: metrics).record(1)
        Meter(label: "b.count", factory: metrics).set(3)
        Meter(label: "b", factory: metrics).set(4)
        let text = metrics.text()
        #expect(text.contains("# TYPE a_total gauge\na_total 1\n"))
        #expect(text.contains("# TYPE a_total_counter counter\na_total_counter 2\n"))
        #expect(text.contains("\nb_count 1\n"))
        #expect(text.contains("# TYPE b_count_gauge gauge\nb_count_gauge 3\n"))
        #expect(text.contains("# TYPE b_gauge gauge\nb_gauge 4\n"))
    }

    @Test func whatIsDestroyedIsForgotten() {
        let metrics = PrometheusMetrics()
        let counter = Counter(label: "a", dimensions: [("x", "1")], factory: metrics)
        let other = Counter(label: "a", dimensions: [("x", "2")], factory: metrics)
        let timer = Timer(label: "t", factory: metrics)
        let meter = Meter(label: "m", factory: metrics)
        let recorder = Recorder(label: "r", factory: metrics)
        let floating = FloatingPointCounter(label: "f", factory: metrics)
        counter.destroy()
        #expect(!metrics.text().contains(#"x="1""#))
        #expect(metrics.text().contains(#"x="2""#))
        other.destroy()
        timer.destroy()
        meter.destroy()
        recorder.destroy()
        floating.destroy()
        #expect(metrics.text().isEmpty)
        // The name is free again, and a handler of before changes nothing.
        Meter(label: "a_total", factory: metrics).set(1)
        counter.increment()
        counter.destroy()
        #expect(metrics.text().contains("# TYPE a_total gauge\na_total 1\n"))
    }

    @Test func seriesAreLimited() {
        var options = PrometheusMetrics.Options()
        options.maxSeries = 2
        let metrics = PrometheusMetrics(options: options)
        for user in 0..<5 { Counter(label: "a", dimensions: [("user", "\(user)")], factory: metrics).increment() }
        let text = metrics.text()
        #expect(text.ranges(of: "a_total{").count == 2)
        #expect(text.contains("\nmetrics_refused_series_total 3\n"))
    }

    @Test func helpIsEscaped() {
        let metrics = PrometheusMetrics()
        metrics.describe(label: "a", as: "First \"line\"\nand \\ second")
        Meter(label: "a", factory: metrics).set(1)
        #expect(metrics.text().hasPrefix("# HELP a First \"line\"\\nand \\\\ second\n# TYPE a gauge\n"))
    }

    /// While others record, each text is whole: lines of the form of a sample, and histograms that add up.
    @Test func textsAreWholeWhileOthersRecord() async {
        let metrics = PrometheusMetrics()
        await withTaskGroup { group in
            for worker in 0..<8 {
                group.addTask {
                    let timer = Timer(label: "t", factory: metrics)
                    for step in 0..<2000 {
                        Counter(label: "c", dimensions: [("w", "\(worker)")], factory: metrics).increment()
                        timer.recordMilliseconds(step % 7 * 100)
                        let meter = Meter(label: "m", dimensions: [("step", "\(step % 10)")], factory: metrics)
                        meter.set(step)
                        if step % 10 == worker { meter.destroy() }
                    }
                }
            }
            for _ in 0..<2 {
                group.addTask { #expect((0..<200).lazy.compactMap { _ in fault(in: metrics.text()) }.first == nil) }
            }
        }
        let text = metrics.text()
        for worker in 0..<8 { #expect(text.contains(#"c_total{w="\#(worker)"} 2000"#)) }
        #expect(text.contains("\nt_seconds_count 16000\n"))
    }
}

/// What is torn in a text, if anything.
private func fault(in text: String) -> String? {
    var buckets: [Int] = []
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
        let parts = line.split(separator: " ")
        guard parts.count == 2, let value = Double(parts[1]) else { return "no sample: \(line)" }
        if line.hasPrefix("t_seconds_bucket") { buckets.append(Int(value)) }
        if line.hasPrefix("t_seconds_count"), buckets.last != Int(value) { return "\(buckets), but \(line)" }
    }
    return buckets == buckets.sorted() ? nil : "\(buckets)"
}
