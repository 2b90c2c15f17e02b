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

/// Marks, as ``escapeMarks(_:)`` does, those bytes and all that are not printable ASCII.
@inline(__always)
private func unusualMarks(_ word: UInt64) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let deletes = word ^ (ones &* 0x7F)
    return escapeMarks(word) | (((deletes &- ones) & ~deletes) | word) & (ones &* 0x80)
}

extension UnsafeRawBufferPointer {
    /// Whether all bytes are printable ASCII, none of them `"` or `\`.
    var isPlainText: Bool { ByteView(self).isPlain(besides: UInt8(ascii: "\"")) }

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

extension ByteView {
    /// The position of the first byte from `start` on that ends a run of plain text in a JSON string: `"`, `\`, or what
    /// is not printable ASCII; or the end.
    @inline(__always)
    func endOfPlainText(from start: Int) -> Int { endOfPlainString(from: start).0 }

    /// The same position, and whether it is that of the quotation mark that ends the string.
    ///
    /// Sixteen bytes at a time from the beginning on: most texts are longer than one word.
    @inline(__always)
    func endOfPlainString(from start: Int) -> (Int, isPlain: Bool) {
        var position = start
        while position &+ 16 <= count {
            let (low, high) = unsafeBitCast(unusualBytes(at: position), to: (UInt64, UInt64).self)
            if low != 0 { return quotation(at: position &+ low.trailingZeroBitCount &>> 3) }
            if high != 0 { return quotation(at: position &+ 8 &+ high.trailingZeroBitCount &>> 3) }
            position &+= 16
        }
        position = endOfPlainRest(from: position)
        return (position, position < count && self[position] == UInt8(ascii: "\""))
    }

    @inline(__always)
    private func quotation(at position: Int) -> (Int, Bool) { (position, self[position] == UInt8(ascii: "\"")) }

    /// The same where less than sixteen bytes are left.
    @inline(never)
    private func endOfPlainRest(from start: Int) -> Int {
        var position = start
        if position &+ 8 <= count {
            // The lowest mark is exact: a borrow makes wrong ones only above a right one.
            let marks = unusualMarks(UInt64(littleEndian: load(position, as: UInt64.self)))
            if marks != 0 { return position &+ marks.trailingZeroBitCount &>> 3 }
            position &+= 8
        }
        if position < count, count >= 8 {
            // The last eight bytes, without those in front: what follows the end are zeros, which are not plain.
            let missing = UInt64(8 &* (position &+ 8 &- count))
            let word = UInt64(littleEndian: load(count &- 8, as: UInt64.self)) &>> missing
            return position &+ unusualMarks(word).trailingZeroBitCount &>> 3
        }
        while position < count {
            let byte = self[position]
            if byte < 0x20 || byte >= 0x7F || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { break }
            position &+= 1
        }
        return position
    }

    /// Whether all bytes are plain text, and none is another byte besides. The last block overlaps the one in front of it.
    @inline(__always)
    func isPlain(besides excluded: UInt8) -> Bool {
        var position = 0
        if count >= 16 {
            while position &+ 16 <= count {
                guard isPlainBlock(at: position, excluded) else { return false }
                position &+= 16
            }
            return position == count || isPlainBlock(at: count &- 16, excluded)
        }
        if count >= 8 { return isPlainWord(at: 0, excluded) && isPlainWord(at: count &- 8, excluded) }
        while position < count {
            let byte = self[position]
            if byte < 0x20 || byte >= 0x7F || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return false }
            if byte == excluded { return false }
            position &+= 1
        }
        return true
    }

    @inline(__always)
    private func isPlainBlock(at position: Int, _ excluded: UInt8) -> Bool {
        let bytes: SIMD16<UInt8> = load(position, as: SIMD16<UInt8>.self)
        let others: SIMDMask<SIMD16<Int8>> = bytes .== SIMD16<UInt8>(repeating: excluded)
        let (low, high) = unsafeBitCast(unusualBytes(at: position) .| others, to: (UInt64, UInt64).self)
        return low | high == 0
    }

    @inline(__always)
    private func isPlainWord(at position: Int, _ excluded: UInt8) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let word = UInt64(littleEndian: load(position, as: UInt64.self))
        let difference = word ^ ones &* UInt64(excluded)
        return unusualMarks(word) | ((difference &- ones) & ~difference & (ones &* 0x80)) == 0
    }

    /// Which of sixteen bytes are not plain text. The types are spelled out: without them the compiler takes an overload
    /// that looks at each byte alone.
    @inline(__always)
    func unusualBytes(at position: Int) -> SIMDMask<SIMD16<Int8>> {
        let bytes: SIMD16<UInt8> = load(position, as: SIMD16<UInt8>.self)
        // With a sign and shifted, the printable characters 0x20 to 0x7E are the least numbers there are, -128 to -34.
        let shifted: SIMD16<Int8> = SIMD16<Int8>(truncatingIfNeeded: bytes) &+ SIMD16<Int8>(repeating: 0x60)
        let unprintable: SIMDMask<SIMD16<Int8>> = shifted .> SIMD16<Int8>(repeating: -34)
        let quotes: SIMDMask<SIMD16<Int8>> = bytes .== SIMD16<UInt8>(repeating: 0x22)
        let backslashes: SIMDMask<SIMD16<Int8>> = bytes .== SIMD16<UInt8>(repeating: 0x5C)
        return (quotes .| backslashes) .| unprintable
    }
}
