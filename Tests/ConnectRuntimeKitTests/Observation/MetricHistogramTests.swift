// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import Testing

@testable import ConnectRuntimeKit

@Suite("Observation: histograms")
struct MetricHistogramTests {
    @Test("the bounds are those of the documentation")
    func bounds() {
        let durations = MetricHistogram(.durations)
        #expect(durations.bounds.prefix(3) == [1e-6, 2e-6, 4e-6] && durations.bounds.last == 1073.741824)
        let sizes = MetricHistogram(.sizes)
        #expect(sizes.bounds == (0...20).map { Double(1 << $0) })
        #expect(sizes.buckets.count == 22 && sizes.count == 0 && sizes.mean == nil && sizes.quantile(0.5) == nil)
    }

    @Test("a bucket holds what is at most its bound and more than the bound before", arguments: 0..<40)
    func buckets(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for scale in [MetricHistogram.Scale.durations, .sizes] {
            let bits = Int64.random(in: 0..<50, using: &generator)
            let some: Int64 = 1 << bits
            let values: [Int64] = [
                Int64.random(in: 0...some, using: &generator), some, some + 1, scale.first << (bits % 20),
            ]
            for value in values {
                var histogram = MetricHistogram(scale)
                histogram.record(value)
                let bounds = (0..<scale.count).map { scale.first << Int64($0) }
                let expected = bounds.firstIndex { value <= $0 } ?? scale.count
                #expect(histogram.buckets.firstIndex(of: 1) == expected, "\(value)")
            }
        }
    }

    @Test("count, sum and quantiles of random values, merged from several histograms", arguments: 0..<40)
    func values(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var merged = MetricHistogram(.sizes)
        var values: [Int64] = []
        for _ in 0..<Int.random(in: 1...5, using: &generator) {
            var part = MetricHistogram(.sizes)
            for _ in 0..<Int.random(in: 1...200, using: &generator) {
                values.append(
                    Int64.random(in: 1...(1 << 20), using: &generator) >> Int64.random(in: 0..<18, using: &generator)
                )
                part.record(values[values.count - 1])
            }
            merged.merge(part)
        }
        values.sort()
        #expect(merged.count == values.count && merged.sum == Double(values.reduce(0, +)))
        #expect(merged.mean == merged.sum / Double(values.count))
        for part in [0, 0.1, 0.5, 0.9, 0.99, 1] {
            let index = min(values.count - 1, max(0, Int((part * Double(values.count)).rounded(.up)) - 1))
            let truth = Double(max(values[index], 1))
            let estimate = try #require(merged.quantile(part))
            #expect(estimate <= 2 * truth && estimate >= (part == 0 ? 0 : truth / 2), "\(part): \(estimate), \(truth)")
        }
    }

    @Test("what is above the last bound counts in the last bucket")
    func overflow() {
        var histogram = MetricHistogram(.durations)
        histogram.record(.seconds(100_000))
        #expect(histogram.buckets.last == 1 && histogram.quantile(0.5) == histogram.bounds.last)
    }
}
