// SPDX-License-Identifier: Apache-2.0

extension ByteView {
    /// A position from `start` on before which the text of a JSON string is well-formed UTF-8 without control characters,
    /// `"` and `\`; where it stops, a character begins.
    ///
    /// Sixteen bytes are looked at together, each with the three in front of it. What is not well-formed, or not plain,
    /// is left to who looks at bytes one by one.
    ///
    /// - Parameter start: where a character begins; what is in front of it is well-formed.
    @inline(never)
    func endOfTextBlocks(from start: Int) -> Int {
        var position = start
        guard position >= 3 else { return start }
        while position &+ 16 <= count, isTextBlock(at: position) { position &+= 16 }
        // The last block may have cut its last character; whether that goes on is not known, whatever the next byte is.
        return startOfCutCharacter(from: start, to: position)
    }

    /// Whether sixteen bytes go on with a well-formed text; its last character may be cut off (Unicode, table 3-7).
    @inline(__always)
    private func isTextBlock(at position: Int) -> Bool {
        typealias Mask = SIMDMask<SIMD16<Int8>>
        let bytes = block(at: position)
        let first = block(at: position &- 1)
        let second = block(at: position &- 2)
        let third = block(at: position &- 3)
        let continues: Mask = (bytes & repeated(0xC0)) .== repeated(0x80)
        let lead3: Mask = second .>= repeated(0xE0)
        let lead4: Mask = third .>= repeated(0xF0)
        let hasToContinue: Mask = (first .>= repeated(0xC0)) .| lead3 .| lead4
        // No lead is C0, C1, or above F4.
        let noLead: Mask = ((bytes &- repeated(0xC0)) .< repeated(2)) .| (bytes .>= repeated(0xF5))
        // Of four leads, the second byte has narrower limits: no overlong form, no surrogate, nothing above U+10FFFF.
        let e0: Mask = (first .== repeated(0xE0)) .& (bytes .< repeated(0xA0))
        let ed: Mask = (first .== repeated(0xED)) .& (bytes .>= repeated(0xA0))
        let f0: Mask = (first .== repeated(0xF0)) .& (bytes .< repeated(0x90))
        let f4: Mask = (first .== repeated(0xF4)) .& (bytes .>= repeated(0x90))
        let quote: Mask = bytes .== repeated(UInt8(ascii: "\""))
        let backslash: Mask = bytes .== repeated(UInt8(ascii: "\\"))
        let control: Mask = bytes .< repeated(0x20)
        let wrong: Mask = (continues .^ hasToContinue) .| noLead .| e0 .| ed .| f0 .| f4
        let (low, high) = unsafeBitCast(wrong .| quote .| backslash .| control, to: (UInt64, UInt64).self)
        return low | high == 0
    }

    @inline(__always)
    private func block(at position: Int) -> SIMD16<UInt8> { load(position, as: SIMD16<UInt8>.self) }

    @inline(__always)
    private func repeated(_ byte: UInt8) -> SIMD16<UInt8> { SIMD16<UInt8>(repeating: byte) }

    /// Where the last character in front of a position begins if that position cuts it off, or the position.
    private func startOfCutCharacter(from start: Int, to end: Int) -> Int {
        var position = end
        while position > start, end &- position < 4 {
            position &-= 1
            let byte = self[position]
            if byte < 0x80 { break }
            guard byte >= 0xC0 else { continue }
            let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2
            return end &- position < length ? position : end
        }
        return end
    }
}
