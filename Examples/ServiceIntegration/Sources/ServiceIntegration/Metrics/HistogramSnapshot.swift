// SPDX-License-Identifier: Apache-2.0

public import ConnectRuntimeKit

/// How values were distributed over buckets at a moment.
public struct HistogramSnapshot: Sendable, Hashable {
    /// The upper bounds of the buckets, ascending, but for the last one, which has none.
    public let bounds: [Double]
    /// How many values are in each bucket: one more than there are bounds.
    public private(set) var buckets: [Int]
    /// The sum of the values.
    public private(set) var sum: Double

    /// The buckets of a histogram.
    ///
    /// - Parameters:
    ///   - bounds: ascending.
    ///   - buckets: one more than there are bounds; missing ones count as empty.
    ///   - sum: the sum of the values.
    public init(bounds: [Double], buckets: [Int], sum: Double) {
        self.bounds = bounds
        self.buckets = (0...bounds.count).map { $0 < buckets.count ? buckets[$0] : 0 }
        self.sum = sum
    }

    /// A histogram of the runtime.
    public init(_ histogram: MetricHistogram) {
        self.init(bounds: histogram.bounds, buckets: histogram.buckets, sum: histogram.sum)
    }

    /// How many values there are.
    public var count: Int { buckets.reduce(0, +) }

    mutating func add(_ value: Double) {
        buckets[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
        sum += value
    }

    /// How many values are at most as large as each bound, and how many there are in all.
    var cumulative: [(bound: Double, count: Int)] {
        var total = 0
        return zip(bounds + [.infinity], buckets).map { bound, count in
            total += count
            return (bound, total)
        }
    }
}
