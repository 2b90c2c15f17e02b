// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

extension Int64 {
    /// The whole part of a number as it is written in JSON, to the last digit; `nil` where it has no room.
    init?(decimal text: String) {
        var text = text
        let whole = text.withUTF8 { utf8 -> Int64? in
            let bytes = UnsafeRawBufferPointer(utf8)
            return JSONReader.isNumber(bytes) ? ExactNumber(bytes).whole : nil
        }
        guard let whole else { return nil }
        self = whole
    }
}

extension Double {
    /// The number that a text has as decimal digits; `nil` where it has others, or stands for no number.
    init?(decimal text: String) {
        guard !text.utf8.contains(where: { $0 | 0x20 == UInt8(ascii: "x") }) else { return nil }
        self.init(text)
    }
}

extension ExactNumber {
    /// What is left of the number without its fraction.
    fileprivate var whole: Int64? {
        guard exponent > 0, sign != 0 else { return 0 }
        // As many digits as an Int64 can have.
        guard exponent <= 19 else { return nil }
        var given = digits.lazy.filter { $0 != UInt8(ascii: ".") }.makeIterator()
        var value: Int64 = 0
        for _ in 0..<exponent {
            let digit = Int64((given.next() ?? UInt8(ascii: "0")) - UInt8(ascii: "0"))
            let (shifted, isTooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflows) = shifted.addingReportingOverflow(sign < 0 ? -digit : digit)
            guard !isTooLarge, !overflows else { return nil }
            value = sum
        }
        return value
    }
}
