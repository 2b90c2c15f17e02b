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
        let date = DigitPairs(bytes, at: 0, like: "0000-00-")
        let time = DigitPairs(bytes, at: 8, like: "00T00:00", ignoringCaseAt: 2)
        let rest = DigitPairs(bytes, at: 11, like: "00:00:00")
        let year = date[0] &* 100 &+ date[2]
        let (month, day, hour, minute, second) = (date[5], time[0], time[3], time[6], rest[6])
        guard date.areValid, time.areValid, rest.areValid, month &- 1 < 12, month > 0, day > 0,
            day <= 28 || day <= CivilTime.days(inMonth: month, of: year),
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
        guard left == 6, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") else { return nil }
        // With the two bytes in front, whatever they are, there are eight.
        let zone = DigitPairs(bytes, at: position &- 2, like: "00:00", behind: 3)
        guard zone.areValid, zone[3] <= 23, zone[6] <= 59 else { return nil }
        let (hours, minutes) = (zone[3], zone[6])
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

    @inline(__always)
    init?(_ bytes: ByteView, at start: Int) {
        end = start
        guard start < bytes.count, bytes[start] == UInt8(ascii: ".") else { return }
        // Eight bytes from here on, with zeros behind the end; the text has at least twenty.
        let place = min(start, bytes.count &- 8)
        let word = UInt64(littleEndian: bytes.load(place, as: UInt64.self)) &>> UInt64(8 &* (start &- place))
        if readFew(word &>> 8) { return }
        let limit = min(bytes.count, start &+ 10)
        end &+= 1
        while end < limit, URISyntax.isDigit(bytes[end]) {
            nanoseconds = nanoseconds &* 10 &+ Int32(truncatingIfNeeded: bytes[end] &- UInt8(ascii: "0"))
            end &+= 1
        }
        digits = UInt8(truncatingIfNeeded: end &- start &- 1)
        guard digits > 0 else { return nil }
        nanoseconds &*= Self.scale(digits)
        if digits == 9 { readTail(bytes) }
    }

    /// Reads up to six digits, the first one in the word's lowest byte, if there are no more and at least one.
    @inline(__always)
    private mutating func readFew(_ word: UInt64) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let values = word ^ ones &* UInt64(UInt8(ascii: "0"))
        // What is added lifts anything above 9 over 0x7F; the lowest mark is exact.
        let marks = ((values &+ ones &* 0x76) | values) & (ones &* 0x80)
        let count = marks.trailingZeroBitCount &>> 3
        guard count > 0, count < 7 else { return false }
        // Zeros behind them make eight digits, whose sum is taken by pairs, fours and all.
        var sum = values & ((1 &<< UInt64(8 &* count)) &- 1)
        sum = (sum &* (10 << 8 + 1)) &>> 8 & 0x00FF_00FF_00FF_00FF
        sum = (sum &* (100 << 16 + 1)) &>> 16 & 0x0000_FFFF_0000_FFFF
        sum = (sum &* (10_000 << 32 + 1)) &>> 32
        nanoseconds = Int32(truncatingIfNeeded: sum) &* 10
        digits = UInt8(truncatingIfNeeded: count)
        end &+= count &+ 1
        return true
    }

    /// Reads the digits behind the ninth.
    @inline(never)
    private mutating func readTail(_ bytes: ByteView) {
        let start = end
        while end < bytes.count, URISyntax.isDigit(bytes[end]) { end &+= 1 }
        if end > start { tail = String(decoding: bytes[start..<end], as: UTF8.self) }
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

/// Eight bytes that are digits and separators, looked at together.
private struct DigitPairs {
    /// The number of each byte and the one behind it, if both are digits.
    private let numbers: UInt64
    /// Whether digits and separators are where they have to be.
    let areValid: Bool

    /// - Parameters:
    ///   - bytes: has eight bytes from `position` on.
    ///   - position: where they are.
    ///   - pattern: `0` for a digit, a separator for itself.
    ///   - letter: where a letter may be in lower case.
    ///   - skipped: how many of the bytes are in front of the pattern.
    @inline(__always)
    init(
        _ bytes: ByteView,
        at position: Int,
        like pattern: StaticString,
        ignoringCaseAt letter: Int = 8,
        behind skipped: Int = 0
    ) {
        let ones: UInt64 = 0x0101_0101_0101_0101
        var wanted = ones &* UInt64(UInt8(ascii: "0"))
        for index in 0..<pattern.utf8CodeUnitCount {
            let difference = pattern.utf8Start[index] ^ UInt8(ascii: "0")
            wanted ^= UInt64(difference) << UInt64(8 * (index + skipped))
        }
        let ignored = (UInt64(0x20) << UInt64(8 * letter)) | ((1 << UInt64(8 * skipped)) &- 1)
        let digits = (UInt64(littleEndian: bytes.load(position, as: UInt64.self)) ^ wanted) & ~ignored
        // A digit is now 0 to 9, a separator 0: what is added lifts anything above that over 0x7F.
        let separators = ((wanted ^ ones &* UInt64(UInt8(ascii: "0"))) &+ ones &* 0x7F) &>> 7 & ones
        let excess = digits &+ ones &* 0x76 &+ separators &* 9
        areValid = (excess | digits) & (ones &* 0x80) == 0
        numbers = digits &* 10 &+ digits &>> 8
    }

    /// The number of two digits whose first one is at a place.
    @inline(__always)
    subscript(index: Int) -> Int { Int((numbers &>> UInt64(8 * index)) & 0xFF) }
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
