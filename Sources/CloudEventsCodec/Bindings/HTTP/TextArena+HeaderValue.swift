// SPDX-License-Identifier: Apache-2.0

extension TextArena {
    /// How many bytes more than its texts have are asked for, for each header: the name is written in words.
    static let excess = 8

    /// Copies a name.
    @inline(__always)
    mutating func append(_ name: HeaderName) -> EventText {
        name.write(to: next)
        return take(name.count)
    }

    /// Copies the name of an attribute, of at least eight bytes, that is behind `ce-` in a header's name.
    ///
    /// - Returns: `nil` where it is no name.
    @inline(__always)
    mutating func appendLongName(ofHeader header: ByteView) -> EventText? {
        let count = header.count &- HeaderName.prefixCount
        let start = ByteView(header[Range(uncheckedBounds: (HeaderName.prefixCount, header.count))])
        var isValid = HeaderName.copyWord(of: start, at: count &- 8, to: next)
        var position = 0
        while position &+ 8 < count {
            isValid = HeaderName.copyWord(of: start, at: position, to: next) && isValid
            position &+= 8
        }
        return isValid ? take(count) : nil
    }

    /// Copies a header's value without blanks around it, and resolves its percent sequences (H8).
    ///
    /// - Returns: `nil` where there is a quoted part, or a percent sequence that is not one, or no valid UTF-8.
    @inline(__always)
    mutating func appendHeaderValue(_ value: ByteView) -> EventText? {
        appendUsual(value) ?? appendUnusual(value)
    }

    /// Copies a text of the characters `(` to `~` without `\`, which mean nothing in headers or in JSON and are nearly all
    /// that values consist of. The memory has room for it.
    ///
    /// - Returns: `nil` for any other text.
    @inline(__always)
    mutating func appendUsual(_ value: ByteView) -> EventText? {
        guard value.count > 0, copyUsual(value, to: next) else { return nil }
        return take(value.count)
    }

    /// Copies and checks in one go. The last words overlap those in front of them.
    @inline(__always)
    private func copyUsual(_ value: ByteView, to target: UnsafeMutableRawPointer) -> Bool {
        let count = value.count
        if count >= 16 {
            var marks: SIMDMask<SIMD16<Int8>> = value.copyBlock(at: count &- 16, to: target)
            var position = 0
            while position &+ 16 < count {
                marks = marks .| value.copyBlock(at: position, to: target)
                position &+= 16
            }
            return marks.isClear
        }
        if count >= 8 { return areUsual(value.copyWord(at: 0, to: target), value.copyWord(at: count &- 8, to: target)) }
        if count >= 4 {
            let word: UInt64 = value.copyHalf(at: 0, to: target) | value.copyHalf(at: count &- 4, to: target) &<< 32
            return areUsual(word, word)
        }
        let (first, middle, last) = (value[0], value[count &>> 1], value[count &- 1])
        target.storeBytes(of: first, as: UInt8.self)
        target.storeBytes(of: middle, toByteOffset: count &>> 1, as: UInt8.self)
        target.storeBytes(of: last, toByteOffset: count &- 1, as: UInt8.self)
        return isUsual(first) && isUsual(middle) && isUsual(last)
    }

    @inline(__always)
    private func areUsual(_ first: UInt64, _ last: UInt64) -> Bool {
        unsafeBitCast(SIMD2<UInt64>(first, last), to: SIMD16<UInt8>.self).unusual.isClear
    }

    @inline(__always)
    private func isUsual(_ byte: UInt8) -> Bool {
        byte &- UInt8(ascii: "(") < 0x57 && byte != UInt8(ascii: "\\")
    }

    @inline(never)
    private mutating func appendUnusual(_ bytes: ByteView) -> EventText? {
        var (start, end) = (0, bytes.count)
        while start < end, isBlank(bytes[start]) { start &+= 1 }
        while start < end, isBlank(bytes[end &- 1]) { end &-= 1 }
        let value = bytes[Range(uncheckedBounds: (start, end))]
        guard !value.contains(UInt8(ascii: "\"")) else { return nil }
        return value.contains(UInt8(ascii: "%")) ? appendDecoding(ByteView(value)) : append(value)
    }

    private mutating func appendDecoding(_ value: ByteView) -> EventText? {
        let target = room(for: value.count)
        var (read, written) = (0, 0)
        while read < value.count {
            var byte = value[read]
            read &+= 1
            if byte == UInt8(ascii: "%") {
                guard read &+ 2 <= value.count, let high = HTTPHeaderValue.value(ofDigit: value[read]),
                    let low = HTTPHeaderValue.value(ofDigit: value[read &+ 1])
                else { return nil }
                byte = high << 4 | low
                read &+= 2
            }
            target[written] = byte
            written &+= 1
        }
        let text = UnsafeRawBufferPointer(rebasing: target[..<written])
        guard isValidUTF8(text) else { return nil }
        return EventText(text, text.isPlainText ? .plain : [])
    }

    @inline(__always)
    private func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}

// MARK: - Words and blocks

extension ByteView {
    /// Copies eight bytes to the same place behind `target`.
    @inline(__always)
    fileprivate func copyWord(at position: Int, to target: UnsafeMutableRawPointer) -> UInt64 {
        let word = load(position, as: UInt64.self)
        target.storeBytes(of: word, toByteOffset: position, as: UInt64.self)
        return word
    }

    /// Copies four bytes.
    @inline(__always)
    fileprivate func copyHalf(at position: Int, to target: UnsafeMutableRawPointer) -> UInt64 {
        let half = load(position, as: UInt32.self)
        target.storeBytes(of: half, toByteOffset: position, as: UInt32.self)
        return UInt64(half)
    }

    /// Copies sixteen bytes, and says which of them are unusual.
    @inline(__always)
    fileprivate func copyBlock(at position: Int, to target: UnsafeMutableRawPointer) -> SIMDMask<SIMD16<Int8>> {
        let block: SIMD16<UInt8> = load(position, as: SIMD16<UInt8>.self)
        target.storeBytes(of: block, toByteOffset: position, as: SIMD16<UInt8>.self)
        return block.unusual
    }
}

extension SIMD16<UInt8> {
    /// Which bytes are not of the characters `(` to `~`, or are `\`. The types are spelled out: without them the compiler
    /// takes an overload that looks at each byte alone.
    @inline(__always)
    fileprivate var unusual: SIMDMask<SIMD16<Int8>> {
        let outside: SIMDMask<SIMD16<Int8>> =
            (self &- SIMD16<UInt8>(repeating: UInt8(ascii: "("))) .>= SIMD16<UInt8>(repeating: 0x57)
        let backslashes: SIMDMask<SIMD16<Int8>> = self .== SIMD16<UInt8>(repeating: UInt8(ascii: "\\"))
        return outside .| backslashes
    }
}

extension SIMDMask<SIMD16<Int8>> {
    @inline(__always)
    fileprivate var isClear: Bool {
        let (low, high) = unsafeBitCast(self, to: (UInt64, UInt64).self)
        return low | high == 0
    }
}
