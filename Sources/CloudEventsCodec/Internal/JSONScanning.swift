// SPDX-License-Identifier: Apache-2.0

/// Marks, in the high bit of each byte, the bytes of a JSON string that are not copied as they are: control characters,
/// `"` and `\`. Behind the first marked byte further ones may be marked wrongly.
@inline(__always)
func escapeMarks(_ word: UInt64) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let quotes = word ^ (ones &* 0x22)
    let backslashes = word ^ (ones &* 0x5C)
    let control = (word &- ones &* 0x20) & ~word
    let quoted = (quotes &- ones) & ~quotes
    let escaped = (backslashes &- ones) & ~backslashes
    return (control | quoted | escaped) & (ones &* 0x80)
}

extension UnsafeRawBufferPointer {
    /// The position of the first byte from `start` on that ends a run of plain ASCII in a JSON string: `"`, `\`, a
    /// control character, or a byte of 0x80 or more; or the end.
    @inline(__always)
    func endOfPlainText(from start: Int) -> Int {
        var position = start
        while position &+ 8 <= count {
            let word = UInt64(littleEndian: loadUnaligned(fromByteOffset: position, as: UInt64.self))
            let marks = escapeMarks(word) | word & 0x8080_8080_8080_8080
            // The lowest mark is exact: a borrow makes wrong ones only above a right one.
            if marks != 0 { return position &+ marks.trailingZeroBitCount / 8 }
            position &+= 8
        }
        while position < count {
            let byte = self[position]
            if byte < 0x20 || byte >= 0x80 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { break }
            position &+= 1
        }
        return position
    }

    /// The UTF-16 code unit of the escape `\uXXXX` that begins here, if one does.
    func unicodeEscape(at position: Int) -> UInt16? {
        guard position + 6 <= count, self[position] == UInt8(ascii: "\\"), self[position + 1] == UInt8(ascii: "u")
        else {
            return nil
        }
        var unit: UInt16 = 0
        for index in (position + 2)..<(position + 6) {
            let byte = self[index]
            guard URISyntax.isHex(byte) else { return nil }
            let digit = URISyntax.isDigit(byte) ? byte &- UInt8(ascii: "0") : (byte | 0x20) &- UInt8(ascii: "a") &+ 10
            unit = unit << 4 | UInt16(digit)
        }
        return unit
    }
}
