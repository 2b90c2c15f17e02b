// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// How values are distributed over fixed buckets, each twice as wide as the one before.
///
/// Durations have the bounds 1 µs, 2 µs, 4 µs … 2³⁰ µs (18 minutes), in seconds; sizes have 1, 2, 4 … 2²⁰. A bucket holds what is at
/// most its bound and more than the bound before; the last one holds the rest.
public struct MetricHistogram: Sendable, Hashable {
    /// What a histogram is of, and with it the bounds of its buckets.
    struct Scale: Sendable, Hashable {
        /// The upper bound of the first bucket.
        let first: Int64
        /// How many buckets have a bound.
        let count: Int
        /// How many of the counted units are one of those that are exported.
        let unit: Double

        /// Nanoseconds, exported as seconds.
        static let durations = Scale(first: 1000, count: 31, unit: 1e9)
        /// Records.
        static let sizes = Scale(first: 1, count: 21, unit: 1)

        /// The bucket that a value falls into.
        @inline(__always)
        func bucket(of value: Int64) -> Int {
            let multiple = (max(value, 1) - 1) / first
            return min(Int64.bitWidth - multiple.leadingZeroBitCount, count)
        }
    }

    let scale: Scale
    /// How many values are in each bucket; empty as long as there is none.
    private var counts: [UInt64] = []
    private var total: Int64 = 0

    init(_ scale: Scale) { self.scale = scale }

    @inline(__always)
    mutating func record(_ value: Int64) {
        if counts.isEmpty { counts = Array(repeating: 0, count: scale.count + 1) }
        counts[scale.bucket(of: value)] += 1
        total &+= value
    }

    mutating func record(_ duration: Duration) { record(duration.wholeNanoseconds) }

    /// Adds values that were counted by bucket.
    mutating func add(_ buckets: some Collection<UInt32>, total sum: Int64) {
        if counts.isEmpty { counts = Array(repeating: 0, count: scale.count + 1) }
        for (index, count) in buckets.enumerated() { counts[index] += UInt64(count) }
        total &+= sum
    }

    // MARK: Reading

    /// The upper bounds of the buckets, but for the last one, which has none; seconds or records.
    public var bounds: [Double] {
        (0..<scale.count).map { Double(scale.first << Int64($0)) / scale.unit }
    }

    /// How many values are in each bucket: one more than there are bounds.
    public var buckets: [Int] {
        counts.isEmpty ? Array(repeating: 0, count: scale.count + 1) : counts.map(Int.init)
    }

    /// How many values there are.
    public var count: Int { Int(counts.reduce(0, +)) }
    /// The sum of the values, in seconds or records.
    public var sum: Double { Double(total) / scale.unit }
    /// The mean of the values, or `nil` where there is none.
    public var mean: Double? { counts.isEmpty ? nil : sum / Double(count) }

    /// An estimate of the value below which a part of the values lies, or `nil` where there is none.
    ///
    /// It is interpolated within the bucket, and so at most twice as large or half as large as the true one; above the
    /// last bound it is that bound.
    ///
    /// - Parameter part: from 0 to 1; 0.5 is the median.
    public func quantile(_ part: Double) -> Double? {
        guard count > 0 else { return nil }
        let rank = min(max(part, 0), 1) * Double(count)
        var below = 0.0
        for (index, inBucket) in counts.enumerated() where inBucket > 0 {
            let end = below + Double(inBucket)
            guard end >= rank else {
                below = end
                continue
            }
            guard index < scale.count else { break }
            let upper = Double(scale.first << Int64(index)) / scale.unit
            let lower = index == 0 ? 0 : upper / 2
            return lower + (upper - lower) * (rank - below) / Double(inBucket)
        }
        return Double(scale.first << Int64(scale.count - 1)) / scale.unit
    }

    /// Adds the values of another histogram of the same kind.
    public mutating func merge(_ other: MetricHistogram) {
        guard !other.counts.isEmpty, other.scale == scale else { return }
        if counts.isEmpty {
            counts = other.counts
        } else {
            for index in counts.indices { counts[index] += other.counts[index] }
        }
        total &+= other.total
    }
}
