// SPDX-License-Identifier: Apache-2.0

/// Whether the bytes are well-formed UTF-8 (Unicode, table 3-7): no overlong form, no surrogate, nothing above
/// U+10FFFF, nothing cut off.
package func isValidUTF8(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var position = 0
    while true {
        position = bytes.endOfASCII(from: position)
        guard position < bytes.count else { return true }
        let length = bytes.utf8SequenceLength(at: position)
        guard length > 0 else { return false }
        position += length
    }
}

/// The position of the first character that a String attribute must not have (T3), or nothing.
///
/// The bytes are valid UTF-8.
func firstDisallowedCharacter(_ bytes: UnsafeRawBufferPointer) -> Int? {
    var position = 0
    while position < bytes.count {
        position = bytes.endOfPrintableASCII(from: position)
        guard position < bytes.count else { return nil }
        let byte = bytes[position]
        if byte < 0x80 {
            if byte < 0x20 || byte == 0x7F { return position }
            position += 1
            continue
        }
        let length = bytes.utf8SequenceLength(at: position)
        guard length > 0, !isDisallowed(bytes, at: position, length: length) else { return position }
        position += length
    }
    return nil
}

/// Whether a character of two to four bytes is a C1 control or a noncharacter.
private func isDisallowed(_ bytes: UnsafeRawBufferPointer, at position: Int, length: Int) -> Bool {
    var scalar = UInt32(bytes[position] & (0x7F >> UInt8(length)))
    for index in 1..<length { scalar = scalar << 6 | UInt32(bytes[position + index] & 0x3F) }
    return scalar < 0xA0 || (0xFDD0...0xFDEF).contains(scalar) || scalar & 0xFFFE == 0xFFFE
}

extension UnsafeRawBufferPointer {
    /// The position of the first byte from `start` on that is not ASCII, or the end.
    @inline(__always)
    func endOfASCII(from start: Int) -> Int {
        var position = start
        while position &+ 16 <= count {
            let low = loadUnaligned(fromByteOffset: position, as: UInt64.self)
            let high = loadUnaligned(fromByteOffset: position &+ 8, as: UInt64.self)
            if (low | high) & 0x8080_8080_8080_8080 != 0 { break }
            position &+= 16
        }
        while position < count, self[position] < 0x80 { position &+= 1 }
        return position
    }

    /// A position from `start` on before which all bytes are ASCII and no control characters: whole words of eight.
    @inline(__always)
    func endOfPrintableASCII(from start: Int) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        var position = start
        while position &+ 8 <= count {
            let word = loadUnaligned(fromByteOffset: position, as: UInt64.self)
            let deletes = word ^ (ones &* 0x7F)
            let marks = (word &- ones &* 0x20) | (deletes &- ones) | word
            if marks & (ones &* 0x80) != 0 { break }
            position &+= 8
        }
        return position
    }

    /// The length of the well-formed sequence that begins at a byte of 0x80 or more, or 0 where there is none.
    @inline(__always)
    func utf8SequenceLength(at position: Int) -> Int {
        let left = count - position
        let lead = self[position]
        guard left >= 2, lead >= 0xC2, lead <= 0xF4 else { return 0 }
        let second = self[position + 1]
        if lead < 0xE0 { return second & 0xC0 == 0x80 ? 2 : 0 }
        guard left >= 3, self[position + 2] & 0xC0 == 0x80 else { return 0 }
        if lead < 0xF0 {
            let lowest: UInt8 = lead == 0xE0 ? 0xA0 : 0x80
            let highest: UInt8 = lead == 0xED ? 0x9F : 0xBF
            return second >= lowest && second <= highest ? 3 : 0
        }
        guard left >= 4, self[position + 3] & 0xC0 == 0x80 else { return 0 }
        let lowest: UInt8 = lead == 0xF0 ? 0x90 : 0x80
        let highest: UInt8 = lead == 0xF4 ? 0x8F : 0xBF
        return second >= lowest && second <= highest ? 4 : 0
    }
}
