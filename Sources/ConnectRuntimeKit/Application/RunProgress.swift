// SPDX-License-Identifier: Apache-2.0

/// How much was moved, in words.
package struct RunProgress: CustomStringConvertible {
    private let counts: DeliveryCounts
    private let elapsed: Duration

    package init(counts: DeliveryCounts, elapsed: Duration) {
        self.counts = counts
        self.elapsed = elapsed
    }

    private var milliseconds: Int64 {
        let (seconds, attoseconds) = elapsed.components
        return seconds * 1000 + attoseconds / 1_000_000_000_000_000
    }

    /// `12 records, 0.3 MB, 24 records/s`.
    package var description: String {
        let rate = milliseconds > 0 ? Int64(counts.delivered) * 1000 / milliseconds : 0
        let tenths = Int64(counts.deliveredBytes) / 100_000
        return "\(counts.delivered) records, \(tenths / 10).\(tenths % 10) MB, \(rate) records/s"
    }

    /// The same, with the time it took.
    package var summary: String {
        let hundredths = String(milliseconds % 1000 / 10)
        let padding = hundredths.count == 1 ? "0" : ""
        return "\(description), in \(milliseconds / 1000).\(padding)\(hundredths) s"
    }
}
