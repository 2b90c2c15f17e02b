// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// How a point in time is written in a field.
public struct TimeFormat: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        /// A whole number of units since 1970, so many in a second.
        case unix(unitsPerSecond: Int64)
        case rfc3339
        case pattern(TimePattern)
    }

    let kind: Kind

    /// Whole seconds since 1970 in UTC.
    public static let unixSeconds = TimeFormat(kind: .unix(unitsPerSecond: 1))
    /// Whole milliseconds since 1970 in UTC.
    public static let unixMilliseconds = TimeFormat(kind: .unix(unitsPerSecond: 1000))
    /// Whole microseconds since 1970 in UTC.
    public static let unixMicroseconds = TimeFormat(kind: .unix(unitsPerSecond: 1_000_000))
    /// Whole nanoseconds since 1970 in UTC.
    public static let unixNanoseconds = TimeFormat(kind: .unix(unitsPerSecond: 1_000_000_000))
    /// `2018-04-05T17:31:00Z`, with seconds and an offset.
    public static let rfc3339 = TimeFormat(kind: .rfc3339)

    /// A text such as `yyyy-MM-dd HH:mm:ss.SSS`, in UTC.
    ///
    /// `yyyy`, `MM`, `dd`, `HH`, `mm` and `ss` are year, month, day, hour, minute and second with all of their digits, one to
    /// nine `S` the fraction of the second. Anything that is no ASCII letter stands for itself, and so does what is between
    /// two apostrophes. Reading needs the year, the month and the day; what else is missing is 0.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError`` with the code `invalidConfiguration` for another letter, and for an
    ///   apostrophe without a second one.
    public static func pattern(_ pattern: String) throws -> TimeFormat {
        TimeFormat(kind: .pattern(try TimePattern(pattern)))
    }

    // MARK: Reading

    func read(_ value: StructuredValue) throws -> Timestamp {
        if case .timestamp(let timestamp) = value { return timestamp }
        switch kind {
        case .unix(let units): return try Self.unix(value, units)
        case .rfc3339:
            if let timestamp = try value.timestamp() { return timestamp }
            throw ConnectorError(.invalidRecord, "null is no time")
        case .pattern(let pattern):
            guard case .string(let text) = value, let timestamp = pattern.timestamp(text) else {
                throw ConnectorError(.invalidRecord, "\(value.kind) is no time of the pattern \(pattern)")
            }
            return timestamp
        }
    }

    /// Whole numbers by their digits; others with the fraction that they have.
    private static func unix(_ value: StructuredValue, _ units: Int64) throws -> Timestamp {
        let timestamp: Timestamp?
        switch value {
        case .integer(let count): timestamp = Self.timestamp(count, units)
        case .double(let count):
            timestamp = Self.timestamp(decimal: count.description, units) ?? Self.timestamp(count, units)
        case .decimal(let text), .string(let text):
            if let count = Int64(text) {
                timestamp = Self.timestamp(count, units)
            } else {
                timestamp =
                    Self.timestamp(decimal: text, units) ?? Double(decimal: text).flatMap { Self.timestamp($0, units) }
            }
        default: timestamp = nil
        }
        guard let timestamp else {
            throw ConnectorError(
                .invalidRecord,
                "\(value.kind) is no time as a number since 1970, in the years 0000 to 9999"
            )
        }
        return timestamp
    }

    /// A number with a fraction and without an exponent, digit by digit; what is less than a nanosecond is cut off.
    private static func timestamp(decimal text: String, _ units: Int64) -> Timestamp? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let whole = Int64(parts[0]) else { return nil }
        guard !parts[1].isEmpty, parts[1].allSatisfy({ $0.isASCII && $0.isNumber }) else { return nil }
        let unit = 1_000_000_000 / units
        let places = String(unit).count - 1
        let missing = String(repeating: "0", count: max(0, places - parts[1].count))
        guard let fraction = Int64("0" + parts[1].prefix(places) + missing) else { return nil }
        let (seconds, rest) = whole.quotientAndRemainder(dividingBy: units)
        let nanoseconds = rest * unit + (text.hasPrefix("-") ? -fraction : fraction)
        let borrowed: Int64 = nanoseconds < 0 ? 1 : 0
        return try? Timestamp(
            secondsSince1970: seconds &- borrowed,
            nanoseconds: Int32(nanoseconds + borrowed * 1_000_000_000)
        )
    }

    private static func timestamp(_ count: Int64, _ units: Int64) -> Timestamp? {
        var (seconds, rest) = count.quotientAndRemainder(dividingBy: units)
        if rest < 0 {
            seconds -= 1
            rest += units
        }
        return try? Timestamp(secondsSince1970: seconds, nanoseconds: Int32(rest * (1_000_000_000 / units)))
    }

    private static func timestamp(_ count: Double, _ units: Int64) -> Timestamp? {
        let time = count / Double(units)
        guard let seconds = Int64(exactly: time.rounded(.down)) else { return nil }
        let fraction = ((time - Double(seconds)) * 1e9).rounded()
        // A double near the present has no nanoseconds: microseconds are what can be told.
        let microseconds = Int32((fraction / 1000).rounded())
        let carry = microseconds >= 1_000_000
        return try? Timestamp(
            secondsSince1970: carry ? seconds + 1 : seconds,
            nanoseconds: carry ? 0 : microseconds * 1000
        )
    }

    // MARK: Writing

    func write(_ timestamp: Timestamp) throws -> StructuredValue {
        switch kind {
        case .unix(let units):
            let (whole, overflow) = timestamp.secondsSince1970.multipliedReportingOverflow(by: units)
            let fraction = Int64(timestamp.nanoseconds) / (1_000_000_000 / units)
            let (sum, overflows) = whole.addingReportingOverflow(fraction)
            guard !overflow, !overflows else {
                throw ConnectorError(.invalidRecord, "the time is too far from 1970 to be counted in such units")
            }
            return .integer(sum)
        case .rfc3339: return .timestamp(timestamp)
        case .pattern(let pattern): return .string(try pattern.text(timestamp))
        }
    }
}

extension TimeFormat: CustomStringConvertible {
    /// The name by which a configuration chooses the format, or the pattern.
    public var description: String {
        switch kind {
        case .unix(1): "unix"
        case .unix(1000): "unix-milliseconds"
        case .unix(1_000_000): "unix-microseconds"
        case .unix: "unix-nanoseconds"
        case .rfc3339: "rfc3339"
        case .pattern(let pattern): "\(pattern)"
        }
    }
}
