// SPDX-License-Identifier: Apache-2.0

/// Numbers between JSON, where they are decimal digits, and Avro, where they are doubles (V3).
enum AvroNumber {
    /// The JSON text of a finite double: a whole number below 2^63 with all its digits, any other number with as few
    /// digits as tell it from its neighbours.
    static func text(of value: Double) -> String {
        if value == 0 { return value.sign == .minus ? "-0" : "0" }
        if value.magnitude < 0x1p63, value.rounded(.towardZero) == value { return String(Int64(value)) }
        return value.description
    }

    /// The double that a JSON number can be carried in, or nothing where the number read back would be another one.
    static func double(carrying text: UnsafeRawBufferPointer) -> Double? {
        let number = DecimalNumber(text)
        // Neither form of `text(of:)` has more digits: what has is not looked at, however long it is.
        guard number.digits.count <= 19, let value = Double(number.description), value.isFinite else { return nil }
        var back = Self.text(of: value)
        return back.withUTF8({ DecimalNumber(UnsafeRawBufferPointer($0)) }) == number ? value : nil
    }
}

/// A JSON number by its value: the significant digits, and the power of ten that the last of them counts.
private struct DecimalNumber: Equatable, CustomStringConvertible {
    var isNegative = false
    /// Without zeros at the beginning and at the end; empty for zero.
    var digits: [UInt8] = []
    var exponent = 0

    /// - Parameter text: a number in the syntax of JSON.
    init(_ text: UnsafeRawBufferPointer) {
        var fraction = 0
        var isFraction = false
        var zeros = 0
        var position = 0
        loop: while position < text.count {
            let byte = text[position]
            position += 1
            switch byte {
            case UInt8(ascii: "-"): isNegative = true
            case UInt8(ascii: "."): isFraction = true
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                if isFraction { fraction += 1 }
                if byte == UInt8(ascii: "0") {
                    zeros += 1
                } else {
                    append(byte, after: digits.isEmpty ? 0 : zeros)
                    zeros = 0
                }
            default: break loop
            }
        }
        guard !digits.isEmpty else { return }
        exponent = Self.exponent(text[position...]) + zeros - fraction
    }

    /// Digits beyond those that a double can have are only counted.
    private mutating func append(_ digit: UInt8, after zeros: Int) {
        for _ in 0..<zeros where digits.count < 32 { digits.append(UInt8(ascii: "0")) }
        if digits.count < 32 { digits.append(digit) }
    }

    /// The number behind the `e`; what is far beyond the exponents of doubles stops growing.
    private static func exponent(_ text: UnsafeRawBufferPointer.SubSequence) -> Int {
        var magnitude = 0
        for byte in text where URISyntax.isDigit(byte) && magnitude < 1 << 40 {
            magnitude = magnitude * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return text.first == UInt8(ascii: "-") ? -magnitude : magnitude
    }

    var description: String {
        digits.isEmpty
            ? (isNegative ? "-0" : "0")
            : (isNegative ? "-" : "") + String(decoding: digits, as: UTF8.self) + "e\(exponent)"
    }
}
