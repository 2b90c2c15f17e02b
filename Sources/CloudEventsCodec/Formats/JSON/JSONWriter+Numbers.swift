// SPDX-License-Identifier: Apache-2.0

extension JSONWriter {
    /// Appends a whole number.
    package mutating func writeInteger(_ value: Int64) {
        // A sign, 19 digits, and what the last eight bytes that are stored have more than digits.
        reserve(32)
        if value < 0 { appendUnchecked(UInt8(ascii: "-")) }
        let eight: UInt64 = 100_000_000
        let magnitude = value.magnitude
        if magnitude < eight { return appendDigits(UInt32(magnitude), isFirst: true) }
        let high = magnitude / eight
        if high < eight {
            appendDigits(UInt32(high), isFirst: true)
        } else {
            appendDigits(UInt32(high / eight), isFirst: true)
            appendDigits(UInt32(high % eight), isFirst: false)
        }
        appendDigits(UInt32(magnitude % eight), isFirst: false)
    }

    /// Appends eight digits of a number, for which there is room; without leading zeros if they are its first ones.
    @inline(__always)
    private mutating func appendDigits(_ number: UInt32, isFirst: Bool) {
        let digits = Self.digits(number)
        // The last digit is always written.
        let zeros = isFirst ? min(7, digits.trailingZeroBitCount / 8) : 0
        let text = (digits | 0x3030_3030_3030_3030) >> (8 * UInt64(zeros))
        base.storeBytes(of: text.littleEndian, toByteOffset: count, as: UInt64.self)
        count &+= 8 &- zeros
    }

    /// The eight digits of a number below 10⁸, the first one in the lowest byte.
    ///
    /// The number is halved three times, all parts together in one word; the multiplications divide by 100 and by 10.
    @inline(__always)
    private static func digits(_ number: UInt32) -> UInt64 {
        let fours = UInt64(number / 10_000) | UInt64(number % 10_000) << 32
        let hundreds = (fours &* 10_486) >> 20 & 0x0000_007F_0000_007F
        let pairs = hundreds | (fours &- 100 &* hundreds) << 16
        let tens = (pairs &* 103) >> 10 & 0x000F_000F_000F_000F
        return tens | (pairs &- 10 &* tens) << 8
    }
}
