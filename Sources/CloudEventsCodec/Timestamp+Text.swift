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
    init?(utf8 bytes: UnsafeRawBufferPointer) {
        // The shortest text is 2018-04-05T17:31:00Z.
        guard bytes.count >= 20,
            let year = number(bytes, at: 0, digits: 4), bytes[4] == UInt8(ascii: "-"),
            let month = number(bytes, at: 5, digits: 2), bytes[7] == UInt8(ascii: "-"),
            let day = number(bytes, at: 8, digits: 2), bytes[10] | 0x20 == UInt8(ascii: "t"),
            let hour = number(bytes, at: 11, digits: 2), bytes[13] == UInt8(ascii: ":"),
            let minute = number(bytes, at: 14, digits: 2), bytes[16] == UInt8(ascii: ":"),
            let second = number(bytes, at: 17, digits: 2),
            (1...12).contains(month), day >= 1, day <= CivilTime.days(inMonth: month, of: year),
            hour <= 23, minute <= 59, second <= 60
        else { return nil }
        var style: Style = bytes[10] == UInt8(ascii: "t") ? .lowercaseT : []
        guard let fraction = Fraction(bytes, at: 19),
            let offset = Timestamp.offset(bytes, at: fraction.end, style: &style)
        else { return nil }
        let days = CivilTime.days(year: year, month: month, day: day)
        let seconds = days * 86_400 + hour * 3600 + minute * 60 + min(second, 59) - offset * 60
        if second == 60 {
            guard Timestamp.canPrecedeLeapSecond(seconds) else { return nil }
            style.insert(.leapSecond)
        }
        self.init(
            seconds: Int64(seconds),
            nanoseconds: fraction.nanoseconds,
            offset: Int16(offset),
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
    private static func offset(_ bytes: UnsafeRawBufferPointer, at position: Int, style: inout Style) -> Int? {
        let left = bytes.count - position
        guard left >= 1 else { return nil }
        let sign = bytes[position]
        if sign | 0x20 == UInt8(ascii: "z") {
            if sign == UInt8(ascii: "z") { style.insert(.lowercaseZ) }
            return left == 1 ? 0 : nil
        }
        guard left == 6, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"),
            let hours = number(bytes, at: position + 1, digits: 2), bytes[position + 3] == UInt8(ascii: ":"),
            let minutes = number(bytes, at: position + 4, digits: 2), hours <= 23, minutes <= 59
        else { return nil }
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

    init?(_ bytes: UnsafeRawBufferPointer, at start: Int) {
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
        for _ in digits..<9 { nanoseconds *= 10 }
        if end - start > 10 {
            tail = String(decoding: UnsafeRawBufferPointer(rebasing: bytes[(start + 10)..<end]), as: UTF8.self)
        }
    }
}

/// A number of a fixed count of ASCII digits.
private func number(_ bytes: UnsafeRawBufferPointer, at position: Int, digits: Int) -> Int? {
    var value = 0
    for index in position..<(position + digits) {
        guard index < bytes.count, URISyntax.isDigit(bytes[index]) else { return nil }
        value = value * 10 + Int(bytes[index] - UInt8(ascii: "0"))
    }
    return value
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
