// SPDX-License-Identifier: Apache-2.0

/// Durations as a configuration has them: a number and a unit, or several, from large to small: `1m30s`.
package enum DurationText {
    package static let words = "duration such as 250ms, 1s or 5m"

    static let schema: StructuredObject = [
        "type": .string("string"), "pattern": .string("^([0-9]+(\\.[0-9]+)?(ns|us|ms|s|m|h|d))+$"),
    ]

    private static let units: [(name: String, nanoseconds: Int64)] = [
        ("d", 86_400_000_000_000), ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000),
        ("ms", 1_000_000), ("us", 1000), ("ns", 1),
    ]

    /// The duration, or `nil` where the text is none, has parts of a nanosecond, or goes beyond 292 years.
    package static func duration(_ text: String) -> Duration? {
        var (rest, total, smallest) = (text, Int64(0), Int64.max)
        repeat {
            guard let (digits, tail) = QuantityText.split(rest) else { return nil }
            let name = tail.prefix { $0.isLetter }
            guard digits.endIndex == tail.startIndex, let unit = units.first(where: { $0.name == name }),
                unit.nanoseconds < smallest, let part = QuantityText.scaled(digits, by: unit.nanoseconds)
            else { return nil }
            let (sum, overflow) = total.addingReportingOverflow(part)
            guard !overflow else { return nil }
            (total, smallest) = (sum, unit.nanoseconds)
            rest = String(tail[name.endIndex...])
        } while !rest.isEmpty
        return .nanoseconds(total)
    }

    /// The duration in the largest unit that gives a whole number.
    package static func text(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let nanoseconds = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !nanoseconds.overflow else { return "\(seconds)s" }
        let total = nanoseconds.partialValue + attoseconds / 1_000_000_000
        guard total != 0, let unit = units.first(where: { total % $0.nanoseconds == 0 }) else { return "0s" }
        return "\(total / unit.nanoseconds)\(unit.name)"
    }
}
