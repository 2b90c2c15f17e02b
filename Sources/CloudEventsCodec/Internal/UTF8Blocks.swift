// SPDX-License-Identifier: Apache-2.0

extension ByteView {
    /// A position from `start` on before which the text of a JSON string is well-formed UTF-8 without control characters,
    /// `"` and `\`; where it stops, a character begins.
    ///
    /// Sixteen bytes are looked at together. What is not well-formed is left to who looks at bytes one by one.
    ///
    /// - Parameter start: where a character begins; what is in front of it is well-formed.
    @inline(never)
    func endOfTextBlocks(from start: Int) -> Int {
        var position = start
        // Each block is compared with the three bytes in front of it.
        guard position >= 3 else { return start }
        while position &+ 16 <= count {
            let lead = self[position]
            if lead >= 0xF0 {
                if areTwoOfFour(at: position) {
                    position &+= 8
                    continue
                }
            } else if lead >= 0xE0 {
                if isFiveOfThree(at: position) {
                    position &+= 15
                    continue
                }
            } else if lead == UInt8(ascii: "\"") {
                return position
            }
            let block = TextBlock(self, at: position)
            if block.isClean {
                position = startOfCharacter(at: position &+ 16, from: start)
                continue
            }
            if block.endsInSyntax { return position &+ block.end }
            break
        }
        return startOfCharacter(at: position, from: start)
    }

    /// Whether five characters of three bytes begin here, as in most text of East Asia, none of them led by E0 or ED, whose
    /// second bytes have narrower limits. The sixteenth byte does not matter.
    ///
    /// Words instead of vectors: with constants that are not the same for all bytes, a vector is put together byte by byte.
    @inline(__always)
    private func isFiveOfThree(at position: Int) -> Bool {
        let low = UInt64(littleEndian: load(position, as: UInt64.self))
        let high = UInt64(littleEndian: load(position &+ 8, as: UInt64.self))
        // Leads at the bytes 0, 3 and 6, and at 1 and 4 of the second word.
        return low & 0xC0F0_C0C0_F0C0_C0F0 == 0x80E0_8080_E080_80E0
            && high & 0x00C0_C0F0_C0C0_F0C0 == 0x0080_80E0_8080_E080
            && hasNoNarrowLead(low, 0x0001_0000_0100_0001) && hasNoNarrowLead(high, 0x0000_0001_0000_0100)
    }

    /// Whether two characters of four bytes begin here, both led by F0, as nearly all of them are: second bytes are 90 or
    /// more then.
    @inline(__always)
    private func areTwoOfFour(at position: Int) -> Bool {
        let word = UInt64(littleEndian: load(position, as: UInt64.self))
        return word & 0xC0C0_C0FF_C0C0_C0FF == 0x8080_80F0_8080_80F0
            && word & 0x3000 != 0 && word & 0x3000_0000_0000 != 0
    }

    /// Whether none of some leads, which are E0 to EF, is E0 or ED: no low half is 0 or D.
    @inline(__always)
    private func hasNoNarrowLead(_ word: UInt64, _ places: UInt64) -> Bool {
        let halves = word & (places &* 0x0F)
        let notE0 = halves &+ places &* 0x7F
        let notED = (halves ^ places &* 0x0D) &+ places &* 0x7F
        return notE0 & notED & (places &* 0x80) == places &* 0x80
    }

    /// The beginning of the last character in front of a position if the position cuts it off, otherwise the position.
    ///
    /// Whether that character goes on is not known, whatever the next byte is: that is left to who reads on from there.
    @inline(__always)
    private func startOfCharacter(at position: Int, from start: Int) -> Int {
        var length = 1
        while length <= 3, position &- length >= start {
            let byte = self[position &- length]
            if byte < 0x80 { break }
            if byte >= 0xC0 {
                let wanted = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2
                return wanted > length ? position &- length : position
            }
            length &+= 1
        }
        return position
    }
}

/// Sixteen bytes of a JSON string that go on with a well-formed text; their last character may be cut off.
private struct TextBlock {
    /// All ones where a byte is not what has to follow those in front of it (Unicode, table 3-7).
    private let wrong: (low: UInt64, high: UInt64)
    /// Those, and all ones where a byte cannot stand in a string as it is: control characters, `"` and `\`.
    private let stops: (low: UInt64, high: UInt64)

    @inline(__always)
    init(_ text: ByteView, at position: Int) {
        typealias Mask = SIMDMask<SIMD16<Int8>>
        let bytes = Self.block(text, at: position)
        let first = Self.block(text, at: position &- 1)
        let second = Self.block(text, at: position &- 2)
        let third = Self.block(text, at: position &- 3)
        let continues: Mask = (bytes & Self.repeated(0xC0)) .== Self.repeated(0x80)
        let lead3: Mask = second .>= Self.repeated(0xE0)
        let lead4: Mask = third .>= Self.repeated(0xF0)
        let hasToContinue: Mask = (first .>= Self.repeated(0xC0)) .| lead3 .| lead4
        // No lead is C0, C1, or above F4.
        let noLead: Mask =
            ((bytes &- Self.repeated(0xC0)) .< Self.repeated(2)) .| (bytes .>= Self.repeated(0xF5))
        // Of four leads, the second byte has narrower limits: no overlong form, no surrogate, nothing above U+10FFFF.
        let e0: Mask = (first .== Self.repeated(0xE0)) .& (bytes .< Self.repeated(0xA0))
        let ed: Mask = (first .== Self.repeated(0xED)) .& (bytes .>= Self.repeated(0xA0))
        let f0: Mask = (first .== Self.repeated(0xF0)) .& (bytes .< Self.repeated(0x90))
        let f4: Mask = (first .== Self.repeated(0xF4)) .& (bytes .>= Self.repeated(0x90))
        let quote: Mask = bytes .== Self.repeated(UInt8(ascii: "\""))
        let backslash: Mask = bytes .== Self.repeated(UInt8(ascii: "\\"))
        let control: Mask = bytes .< Self.repeated(0x20)
        let wrong: Mask = (continues .^ hasToContinue) .| noLead .| e0 .| ed .| f0 .| f4
        self.wrong = unsafeBitCast(wrong, to: (UInt64, UInt64).self)
        stops = unsafeBitCast(wrong .| quote .| backslash .| control, to: (UInt64, UInt64).self)
    }

    @inline(__always)
    private static func block(_ text: ByteView, at position: Int) -> SIMD16<UInt8> {
        text.load(position, as: SIMD16<UInt8>.self)
    }

    @inline(__always)
    private static func repeated(_ byte: UInt8) -> SIMD16<UInt8> { SIMD16<UInt8>(repeating: byte) }

    /// Whether there is nothing to stop at.
    @inline(__always) var isClean: Bool { stops.low | stops.high == 0 }

    /// The place of the first byte to stop at.
    @inline(__always) var end: Int {
        stops.low != 0 ? stops.low.trailingZeroBitCount &>> 3 : 8 &+ stops.high.trailingZeroBitCount &>> 3
    }

    /// Whether that byte is where a character may begin, and everything in front of it is well-formed.
    @inline(__always) var endsInSyntax: Bool {
        let (half, bits) = stops.low != 0 ? (wrong.low, stops.low) : (wrong.high, stops.high)
        return half &>> UInt64(bits.trailingZeroBitCount) & 1 == 0
    }
}
