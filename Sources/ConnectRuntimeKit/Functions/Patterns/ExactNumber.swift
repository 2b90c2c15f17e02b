// SPDX-License-Identifier: Apache-2.0

/// A decimal number of any length, as the digits of its text: `1`, `1.0` and `1e0` are equal, and no digit is lost.
///
/// It refers to bytes that whoever uses it keeps alive.
struct ExactNumber: BitwiseCopyable {
    /// -1, 0 or 1.
    private(set) var sign = 0
    /// Where the decimal point is in the row of digits: the number is 0.d₁d₂d₃… times ten to this power.
    private(set) var exponent = 0
    /// From the first digit that is not zero to the last one, with a point in it at most. Empty for zero.
    private(set) var digits: UnsafeRawBufferPointer

    /// Exponents are kept within this, which is far more than a pattern may have.
    static let largestExponent = 1 << 40

    /// The number of a text that is one of JSON.
    init(_ text: UnsafeRawBufferPointer) {
        var (first, last, point, end) = (-1, -1, -1, text.count)
        for index in text.indices {
            let byte = text[index]
            if byte == UInt8(ascii: ".") {
                point = index
            } else if byte | 0x20 == UInt8(ascii: "e") {
                end = index
                break
            } else if byte &- UInt8(ascii: "1") < 9 {
                if first < 0 { first = index }
                last = index
            }
        }
        guard first >= 0 else {
            digits = UnsafeRawBufferPointer(rebasing: text[..<0])
            return
        }
        digits = UnsafeRawBufferPointer(rebasing: text[first...last])
        sign = text[0] == UInt8(ascii: "-") ? -1 : 1
        if point < 0 { point = end }
        // The point is no digit: behind it, one less.
        let places = first < point ? point - first : point + 1 - first
        exponent = Self.clamped(places + Self.exponent(text, from: end + 1))
    }

    /// What the normalized number is made of.
    init(sign: Int, exponent: Int, digits: UnsafeRawBufferPointer) {
        (self.sign, self.exponent, self.digits) = (sign, exponent, digits)
    }

    private static func exponent(_ text: UnsafeRawBufferPointer, from start: Int) -> Int {
        guard start < text.count else { return 0 }
        let isNegative = text[start] == UInt8(ascii: "-")
        var value = 0
        for byte in text[start...] where byte &- UInt8(ascii: "0") < 10 {
            value = clamped(value * 10 + Int(byte - UInt8(ascii: "0")))
        }
        return isNegative ? -value : value
    }

    private static func clamped(_ exponent: Int) -> Int { min(max(exponent, -largestExponent), largestExponent) }

    /// Less than zero where the left one is less, zero where both are equal.
    static func order(_ left: ExactNumber, _ right: ExactNumber) -> Int {
        if left.sign != right.sign { return left.sign - right.sign }
        if left.exponent != right.exponent { return left.exponent < right.exponent ? -left.sign : left.sign }
        return orderOfDigits(left.digits, right.digits) * left.sign
    }

    private static func orderOfDigits(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Int {
        var (place, other) = (0, 0)
        while true {
            if place < left.count, left[place] == UInt8(ascii: ".") { place += 1 }
            if other < right.count, right[other] == UInt8(ascii: ".") { other += 1 }
            guard place < left.count else { return other < right.count ? -1 : 0 }
            guard other < right.count else { return 1 }
            if left[place] != right[other] { return Int(left[place]) - Int(right[other]) }
            place += 1
            other += 1
        }
    }
}
