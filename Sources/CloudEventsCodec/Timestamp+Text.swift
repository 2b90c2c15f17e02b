// SPDX-License-Identifier: Apache-2.0

extension Timestamp {
    /// Reads RFC 3339 text, such as `2018-04-05T17:31:00.25+02:00`.
    ///
    /// The seconds and the offset are needed; `T` and `Z` may be lower-case; the date has to exist; the second 60 is
    /// taken only where a leap second can be, at 23:59:60 UTC on the last day of a month.
    ///
    /// - Throws: ``CloudEventError`` with ``CloudEventError/Code/invalidValue`` for anything else.
    public init(_ text: String) throws(CloudEventError) {
        var copy = text
        guard let timestamp = copy.withUTF8({ Timestamp(utf8: UnsafeRawBufferPointer($0)) }) else {
            throw Timestamp.invalid
        }
        self = timestamp
    }

    static var invalid: CloudEventError {
        CloudEventError(
            .invalidValue,
            "not an RFC 3339 timestamp; write it as 2018-04-05T17:31:00Z, with seconds and an offset",
            rule: "T7"
        )
    }

    /// Reads RFC 3339 text from its bytes.
    init?(utf8 buffer: UnsafeRawBufferPointer) {
        let bytes = ByteView(buffer)
        // The shortest text is 2018-04-05T17:31:00Z.
        guard bytes.count >= 20 else { return nil }
        var digits = DigitReader(bytes)
        let year = digits.pair(at: 0) &* 100 &+ digits.pair(at: 2)
        let (month, day) = (digits.pair(at: 5), digits.pair(at: 8))
        let (hour, minute, second) = (digits.pair(at: 11), digits.pair(at: 14), digits.pair(at: 17))
        guard digits.areDigits, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            bytes[10] | 0x20 == UInt8(ascii: "t"), bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
            month &- 1 < 12, month > 0, day > 0, day <= 28 || day <= CivilTime.days(inMonth: month, of: year),
            hour <= 23, minute <= 59, second <= 60
        else { return nil }
        var style: Style = bytes[10] == UInt8(ascii: "t") ? .lowercaseT : []
        guard let fraction = Fraction(bytes, at: 19),
            let offset = Timestamp.offset(bytes, at: fraction.end, style: &style)
        else { return nil }
        let days = CivilTime.days(year: year, month: month, day: day)
        let seconds = days &* 86_400 &+ hour &* 3600 &+ minute &* 60 &+ min(second, 59) &- offset &* 60
        if second == 60 {
            guard Timestamp.canPrecedeLeapSecond(seconds) else { return nil }
            style.insert(.leapSecond)
        }
        self.init(
            seconds: Int64(seconds),
            nanoseconds: fraction.nanoseconds,
            offset: Int16(truncatingIfNeeded: offset),
            fractionDigits: fraction.digits,
            style: style,
            tail: fraction.tail
        )
    }

    /// Whether the second is 23:59:59 UTC on the last day of a month.
    private static func canPrecedeLeapSecond(_ seconds: Int) -> Bool {
        guard (seconds + 1) % 86_400 == 0 else { return false }
        return CivilTime.date(days: (seconds + 1) / 86_400).day == 1
    }

    /// The offset in minutes; it has to be the end of the text.
    private static func offset(_ bytes: ByteView, at position: Int, style: inout Style) -> Int? {
        let left = bytes.count - position
        guard left >= 1 else { return nil }
        let sign = bytes[position]
        if sign | 0x20 == UInt8(ascii: "z") {
            if sign == UInt8(ascii: "z") { style.insert(.lowercaseZ) }
            return left == 1 ? 0 : nil
        }
        guard left == 6, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"), bytes[position + 3] == UInt8(ascii: ":")
        else { return nil }
        var digits = DigitReader(bytes)
        let (hours, minutes) = (digits.pair(at: position + 1), digits.pair(at: position + 4))
        guard digits.areDigits, hours <= 23, minutes <= 59 else { return nil }
        style.insert(.numericOffset)
        let total = hours * 60 + minutes
        if sign == UInt8(ascii: "+") { return total }
        if total == 0 { style.insert(.unknownOffset) }
        return -total
    }
}

/// The digits behind the second.
private struct Fraction {
    var nanoseconds: Int32 = 0
    var digits: UInt8 = 0
    var tail = ""
    var end: Int

    init?(_ bytes: ByteView, at start: Int) {
        end = start
        guard start < bytes.count, bytes[start] == UInt8(ascii: ".") else { return }
        end += 1
        while end < bytes.count, URISyntax.isDigit(bytes[end]) {
            if digits < 9 {
                nanoseconds = nanoseconds * 10 + Int32(bytes[end] - UInt8(ascii: "0"))
                digits += 1
            }
            end += 1
        }
        guard digits > 0 else { return nil }
        nanoseconds *= Self.scale(digits)
        if end - start > 10 {
            tail = String(decoding: bytes[(start + 10)..<end], as: UTF8.self)
        }
    }
}

extension Fraction {
    /// What a number of so many digits is multiplied with to have nine.
    @inline(__always)
    private static func scale(_ digits: UInt8) -> Int32 {
        var scale: Int32 = 1
        for _ in digits..<9 { scale &*= 10 }
        return scale
    }
}

/// Reads digits first and asks at the end whether all of them were.
private struct DigitReader {
    private let bytes: ByteView
    private(set) var areDigits = true

    @inline(__always)
    init(_ bytes: ByteView) {
        self.bytes = bytes
    }

    /// The number of two digits at a place that exists.
    @inline(__always)
    mutating func pair(at position: Int) -> Int {
        let tens = bytes[position] &- UInt8(ascii: "0")
        let ones = bytes[position &+ 1] &- UInt8(ascii: "0")
        areDigits = areDigits && tens <= 9 && ones <= 9
        return Int(tens) &* 10 &+ Int(ones)
    }
}

extension Timestamp: CustomStringConvertible {
    /// RFC 3339 text: what was read, digit by digit, or the shortest form of what was made from numbers.
    public var description: String {
        String(unsafeUninitializedCapacity: 36) { buffer in
            writeText(to: UnsafeMutableRawBufferPointer(buffer))
        } + (tail.isEmpty ? "" : tail + zone)
    }

    /// Writes the text up to the ninth fraction digit, and the zone if no digits follow; gives the number of bytes, at
    /// most 35.
    func writeText(to buffer: UnsafeMutableRawBufferPointer) -> Int {
        let local = Int(secondsSince1970) + offsetMinutes * 60
        let days = CivilTime.floorDivide(local, 86_400)
        let date = CivilTime.date(days: days)
        let time = local - days * 86_400
        var writer = DigitWriter(buffer: buffer)
        writer.write(date.year, digits: 4)
        writer.write(UInt8(ascii: "-"))
        writer.write(date.month, digits: 2)
        writer.write(UInt8(ascii: "-"))
        writer.write(date.day, digits: 2)
        writer.write(style.contains(.lowercaseT) ? UInt8(ascii: "t") : UInt8(ascii: "T"))
        writer.write(time / 3600, digits: 2)
        writer.write(UInt8(ascii: ":"))
        writer.write(time / 60 % 60, digits: 2)
        writer.write(UInt8(ascii: ":"))
        writer.write(time % 60 + (isLeapSecond ? 1 : 0), digits: 2)
        if fractionDigits > 0 {
            writer.write(UInt8(ascii: "."))
            var value = Int(nanoseconds)
            for _ in fractionDigits..<9 { value /= 10 }
            writer.write(value, digits: Int(fractionDigits))
        }
        if tail.isEmpty { writeZone(to: &writer) }
        return writer.count
    }

    private var zone: String {
        String(unsafeUninitializedCapacity: 8) { buffer in
            var writer = DigitWriter(buffer: UnsafeMutableRawBufferPointer(buffer))
            writeZone(to: &writer)
            return writer.count
        }
    }

    private func writeZone(to writer: inout DigitWriter) {
        guard style.contains(.numericOffset) else {
            writer.write(style.contains(.lowercaseZ) ? UInt8(ascii: "z") : UInt8(ascii: "Z"))
            return
        }
        writer.write(offset < 0 || isLocalOffsetUnknown ? UInt8(ascii: "-") : UInt8(ascii: "+"))
        writer.write(abs(offsetMinutes) / 60, digits: 2)
        writer.write(UInt8(ascii: ":"))
        writer.write(abs(offsetMinutes) % 60, digits: 2)
    }
}

/// Writes numbers of a fixed width into memory.
struct DigitWriter {
    let buffer: UnsafeMutableRawBufferPointer
    var count = 0

    mutating func write(_ byte: UInt8) {
        guard count < buffer.count else { return }
        buffer[count] = byte
        count += 1
    }

    mutating func write(_ value: Int, digits: Int) {
        guard count + digits <= buffer.count else { return }
        var rest = value
        for index in stride(from: count + digits - 1, through: count, by: -1) {
            buffer[index] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        }
        count += digits
    }
}
