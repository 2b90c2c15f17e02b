// SPDX-License-Identifier: Apache-2.0

/// Marks, in the high bit of each byte, the bytes equal to `byte`. Behind the first marked byte further ones may be
/// marked wrongly.
@inline(__always)
private func marks(_ word: UInt64, _ byte: UInt8) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let different = word ^ (ones &* UInt64(byte))
    return (different &- ones) & ~different & (ones &* 0x80)
}

extension UnsafeRawBufferPointer {
    /// The position of the first byte from `start` on that is one of three, a control character of ASCII below 0x20, or
    /// 0x80 or more; or the end.
    @inline(__always)
    func endOfPlainXML(from start: Int, _ first: UInt8, _ second: UInt8, _ third: UInt8) -> Int {
        var position = start
        while position &+ 8 <= count {
            let word = UInt64(littleEndian: loadUnaligned(fromByteOffset: position, as: UInt64.self))
            let control = (word &- 0x2020_2020_2020_2020) & ~word & 0x8080_8080_8080_8080
            let found = control | marks(word, first) | marks(word, second) | marks(word, third)
            let stop = found | word & 0x8080_8080_8080_8080
            // The lowest mark is exact: a borrow makes wrong ones only above a right one.
            if stop != 0 { return position &+ stop.trailingZeroBitCount / 8 }
            position &+= 8
        }
        while position < count {
            let byte = self[position]
            if byte < 0x20 || byte >= 0x80 || byte == first || byte == second || byte == third { break }
            position &+= 1
        }
        return position
    }

    /// The position of the first byte from `start` on that character data does not hold as it is: `<`, `>`, `&` or a
    /// carriage return; or the end.
    @inline(__always)
    func endOfUnescapedXML(from start: Int) -> Int {
        var position = start
        while position &+ 8 <= count {
            let word = UInt64(littleEndian: loadUnaligned(fromByteOffset: position, as: UInt64.self))
            // `<` and `>` differ in one bit, which is set here in both.
            let angles = marks(word | 0x0202_0202_0202_0202, UInt8(ascii: ">"))
            let stop = angles | marks(word, UInt8(ascii: "&")) | marks(word, 0x0D)
            if stop != 0 { return position &+ stop.trailingZeroBitCount / 8 }
            position &+= 8
        }
        while position < count {
            let byte = self[position]
            if byte | 2 == UInt8(ascii: ">") || byte == UInt8(ascii: "&") || byte == 0x0D { break }
            position &+= 1
        }
        return position
    }

    /// Whether XML 1.0 has all characters of this text (production Char), which is valid UTF-8.
    func hasOnlyXMLCharacters() -> Bool {
        var position = 0
        while position < count {
            position = endOfPlainXML(from: position, 0xEF, 0xEF, 0xEF)
            while position < count, self[position] < 0x20 || self[position] >= 0x80 {
                let length = xmlCharacterLength(at: position)
                guard length > 0 else { return false }
                position &+= length
            }
        }
        return true
    }

    /// The length of a character that XML 1.0 allows (production Char), or 0 where there is none.
    @inline(__always)
    func xmlCharacterLength(at position: Int) -> Int {
        let byte = self[position]
        if byte < 0x80 { return byte >= 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D ? 1 : 0 }
        let length = utf8SequenceLength(at: position)
        // U+FFFE and U+FFFF are no characters of XML.
        if byte == 0xEF, length == 3, self[position &+ 1] == 0xBF, self[position &+ 2] >= 0xBE { return 0 }
        return length
    }

    /// The length of the character of a name that begins here, or 0 where none does. A colon is none.
    @inline(__always)
    func xmlNameCharacterLength(at position: Int, isFirst: Bool) -> Int {
        let byte = self[position]
        if byte < 0x80 {
            let isLetter = (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte == UInt8(ascii: "_")
            if isLetter || isFirst { return isLetter ? 1 : 0 }
            let isOther = byte &- UInt8(ascii: "0") < 10 || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
            return isOther ? 1 : 0
        }
        return nonASCIINameCharacterLength(at: position, isFirst: isFirst)
    }

    @inline(never)
    private func nonASCIINameCharacterLength(at position: Int, isFirst: Bool) -> Int {
        let length = utf8SequenceLength(at: position)
        guard length > 0 else { return 0 }
        var scalar = UInt32(self[position] & (0x7F >> UInt8(length)))
        for index in 1..<length { scalar = scalar << 6 | UInt32(self[position + index] & 0x3F) }
        if isXMLNameStart(scalar) { return length }
        return !isFirst && isXMLNameContinuation(scalar) ? length : 0
    }

    /// The bytes of a part.
    @inline(__always)
    func part(_ range: Range<Int>) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: self[range]) }

    /// A number by which different names mostly differ.
    var nameHash: UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in self { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return hash
    }
}

@inline(__always)
func isXMLWhitespace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }

/// Production NameStartChar of XML 1.0, fifth edition, from U+0080 on.
private func isXMLNameStart(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0xC0...0xD6, 0xD8...0xF6, 0xF8...0x2FF, 0x370...0x37D, 0x37F...0x1FFF, 0x200C...0x200D, 0x2070...0x218F,
        0x2C00...0x2FEF, 0x3001...0xD7FF, 0xF900...0xFDCF, 0xFDF0...0xFFFD, 0x1_0000...0xE_FFFF:
        true
    default: false
    }
}

/// What production NameChar of XML 1.0, fifth edition, has beyond NameStartChar, from U+0080 on.
private func isXMLNameContinuation(_ scalar: UInt32) -> Bool {
    scalar == 0xB7 || (0x300...0x36F).contains(scalar) || (0x203F...0x2040).contains(scalar)
}
