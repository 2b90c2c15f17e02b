// SPDX-License-Identifier: Apache-2.0

extension JSONWriter {
    /// Appends a text if nothing in it has to be checked or escaped in a JSON string: if it is printable ASCII without `"`
    /// and `\`.
    ///
    /// It is copied while it is looked at, once for most texts, and what was copied is forgotten where it is not plain.
    ///
    /// - Returns: whether it was appended.
    package mutating func writeIfPlain(_ text: UnsafeRawBufferPointer) -> Bool {
        reserve(text.count)
        let source = ByteView(text)
        let target = base + count
        guard source.count >= 16 else {
            guard source.isPlain(besides: UInt8(ascii: "\"")) else { return false }
            appendUnchecked(text)
            return true
        }
        var position = 0
        while position &+ 32 <= source.count {
            let low = source.copyBlock(at: position, to: target)
            let high = source.copyBlock(at: position &+ 16, to: target)
            guard ByteView.hasNone(low .| high) else { return false }
            position &+= 32
        }
        if position &+ 16 <= source.count {
            guard ByteView.hasNone(source.copyBlock(at: position, to: target)) else { return false }
        }
        // The last block overlaps the one in front of it.
        guard ByteView.hasNone(source.copyBlock(at: source.count &- 16, to: target)) else { return false }
        count &+= source.count
        return true
    }
}

extension ByteView {
    /// Copies sixteen bytes to the same position of a target, and marks those that are not plain text.
    @inline(__always)
    fileprivate func copyBlock(at position: Int, to target: UnsafeMutableRawPointer) -> SIMDMask<SIMD16<Int8>> {
        target.storeBytes(of: load(position, as: SIMD16<UInt8>.self), toByteOffset: position, as: SIMD16<UInt8>.self)
        return unusualBytes(at: position)
    }

    /// Whether no byte is marked.
    @inline(__always)
    fileprivate static func hasNone(_ marks: SIMDMask<SIMD16<Int8>>) -> Bool {
        let (low, high) = unsafeBitCast(marks, to: (UInt64, UInt64).self)
        return low | high == 0
    }
}
