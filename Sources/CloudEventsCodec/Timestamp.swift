// SPDX-License-Identifier: Apache-2.0

/// An instant as RFC 3339 writes it (T7), with everything the text said.
///
/// The local offset, any number of fraction digits and a leap second are kept, so that ``description`` gives back
/// exactly the text that was read. Two timestamps are equal, and ordered, by the instant they name: `12:00:00Z` equals
/// `14:00:00.000+02:00`. Compare the descriptions where the text matters.
public struct Timestamp: Sendable {
    /// Whole seconds since 1970-01-01T00:00:00Z, without leap seconds; negative before.
    ///
    /// In a leap second (`23:59:60`) this is the second before it, and ``isLeapSecond`` tells them apart.
    public let secondsSince1970: Int64

    /// The fraction of the second in nanoseconds, 0 to 999 999 999; further digits are cut off here.
    public let nanoseconds: Int32

    /// The offset of the local time from UTC in minutes, -1439 to 1439; 0 where it is unknown.
    public var offsetMinutes: Int { Int(offset) }

    let offset: Int16
    /// How many of the first nine fraction digits the text has.
    let fractionDigits: UInt8
    let style: Style
    /// The fraction digits behind the ninth.
    let tail: String

    /// How the text was written, where RFC 3339 leaves a choice.
    struct Style: OptionSet, Hashable, Sendable {
        let rawValue: UInt8
        static let leapSecond = Style(rawValue: 1)
        static let unknownOffset = Style(rawValue: 2)
        static let numericOffset = Style(rawValue: 4)
        static let lowercaseT = Style(rawValue: 8)
        static let lowercaseZ = Style(rawValue: 16)
    }

    init(seconds: Int64, nanoseconds: Int32, offset: Int16, fractionDigits: UInt8, style: Style, tail: String) {
        self.secondsSince1970 = seconds
        self.nanoseconds = nanoseconds
        self.offset = offset
        self.fractionDigits = fractionDigits
        self.style = style
        self.tail = tail
    }

    /// What an event knows of its time, with the text that has digits behind the ninth.
    init(_ facts: EventFacts.TimeFacts, text: EventText) {
        // Such a text is longer than one of nine digits: 2018-04-05T17:31:00.123456789Z has 30 bytes.
        let hasTail = facts.fractionDigits == 9 && text.count > 30
        self.init(
            seconds: facts.seconds,
            nanoseconds: facts.nanoseconds,
            offset: facts.offset,
            fractionDigits: facts.fractionDigits,
            style: facts.style,
            tail: hasTail ? Timestamp(utf8: text.bytes)?.tail ?? "" : ""
        )
    }

    /// Makes a timestamp from a count of seconds.
    ///
    /// Its text has as few fraction digits as needed: none, three, six or nine.
    ///
    /// - Parameters:
    ///   - seconds: whole seconds since 1970-01-01T00:00:00Z, without leap seconds.
    ///   - nanoseconds: the fraction of the second, 0 to 999 999 999.
    ///   - offsetMinutes: the local offset to write, -1439 to 1439 minutes; 0 is written as `Z`.
    /// - Throws: ``CloudEventError`` with ``CloudEventError/Code/invalidValue`` where the local time is not in the
    ///   years 0000 to 9999, which is all that RFC 3339 can write, or an argument is out of range.
    public init(
        secondsSince1970 seconds: Int64,
        nanoseconds: Int32 = 0,
        offsetMinutes: Int = 0
    ) throws(CloudEventError) {
        guard nanoseconds >= 0, nanoseconds <= 999_999_999 else {
            throw CloudEventError(.invalidValue, "nanoseconds have to be 0 to 999999999", rule: "T7")
        }
        guard offsetMinutes > -1440, offsetMinutes < 1440 else {
            throw CloudEventError(.invalidValue, "a local offset has to be within 23:59 hours", rule: "T7")
        }
        let (local, overflow) = seconds.addingReportingOverflow(Int64(offsetMinutes) * 60)
        guard !overflow, CivilTime.writableSeconds.contains(local) else {
            throw CloudEventError(.invalidValue, "RFC 3339 can write only the years 0000 to 9999", rule: "T7")
        }
        var digits: UInt8 = 9
        if nanoseconds == 0 {
            digits = 0
        } else if nanoseconds % 1_000_000 == 0 {
            digits = 3
        } else if nanoseconds % 1000 == 0 {
            digits = 6
        }
        self.init(
            seconds: seconds,
            nanoseconds: nanoseconds,
            offset: Int16(offsetMinutes),
            fractionDigits: digits,
            style: offsetMinutes == 0 ? [] : .numericOffset,
            tail: ""
        )
    }

    /// Whether the text was in a leap second, `23:59:60` in UTC.
    public var isLeapSecond: Bool { style.contains(.leapSecond) }

    /// Whether the text said `-00:00`: the instant is known, the local offset is not.
    public var isLocalOffsetUnknown: Bool { style.contains(.unknownOffset) }
}

extension Timestamp: Hashable, Comparable {
    /// Whether both are the same instant, whatever the text.
    public static func == (left: Timestamp, right: Timestamp) -> Bool {
        left.secondsSince1970 == right.secondsSince1970 && left.nanoseconds == right.nanoseconds
            && left.isLeapSecond == right.isLeapSecond && left.significantTail == right.significantTail
    }

    /// Whether the left instant is earlier.
    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        if left.secondsSince1970 != right.secondsSince1970 { return left.secondsSince1970 < right.secondsSince1970 }
        if left.isLeapSecond != right.isLeapSecond { return right.isLeapSecond }
        if left.nanoseconds != right.nanoseconds { return left.nanoseconds < right.nanoseconds }
        return left.significantTail < right.significantTail
    }

    /// Hashes the instant.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(secondsSince1970)
        hasher.combine(nanoseconds)
        hasher.combine(isLeapSecond)
        hasher.combine(significantTail)
    }

    private var significantTail: Substring {
        var digits = tail[...]
        while digits.last == "0" { digits.removeLast() }
        return digits
    }
}
