// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit

/// How much was moved, in words.
struct Progress {
    let counts: DeliveryCounts
    let elapsed: Duration

    var seconds: Double {
        let (seconds, attoseconds) = elapsed.components
        return Double(seconds) + Double(attoseconds) / 1e18
    }

    var description: String {
        let rate = seconds > 0 ? Int(Double(counts.delivered) / seconds) : 0
        let megabytes = Self.tenths(Double(counts.deliveredBytes) / 1_000_000)
        return "\(counts.delivered) records, \(megabytes) MB, \(rate) records/s"
    }

    var summary: String {
        "\(description), in \(Self.tenths(seconds * 10, of: 10)) s"
    }

    /// A number with a digit behind the point, or with two where it is given in tenths.
    private static func tenths(_ value: Double, of scale: Double = 1) -> String {
        let scaled = Int((value * 10).rounded())
        let divisor = scale == 1 ? 10 : 100
        let fraction = String(scaled % divisor)
        let padding = String(repeating: "0", count: (divisor == 10 ? 1 : 2) - fraction.count)
        return "\(scaled / divisor).\(padding)\(fraction)"
    }
}
