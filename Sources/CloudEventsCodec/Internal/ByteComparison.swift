// SPDX-License-Identifier: Apache-2.0

/// Whether the bytes are those of an ASCII literal.
///
/// Up to 24 bytes are two or three loads that overlap, compared with constants.
@inline(__always)
func equal(_ bytes: UnsafeRawBufferPointer, _ literal: StaticString) -> Bool {
    let count = literal.utf8CodeUnitCount
    guard bytes.count == count, let left = bytes.baseAddress else { return bytes.count == count }
    let right = UnsafeRawPointer(literal.utf8Start)
    if count >= 8 {
        if count > 24 { return bytes.hasSameBytes(as: UnsafeRawBufferPointer(start: right, count: count)) }
        return same(left, right, 0, UInt64.self) && same(left, right, count &- 8, UInt64.self)
            && (count <= 16 || same(left, right, 8, UInt64.self))
    }
    if count >= 4 { return same(left, right, 0, UInt32.self) && same(left, right, count &- 4, UInt32.self) }
    if count >= 2 { return same(left, right, 0, UInt16.self) && same(left, right, count &- 2, UInt16.self) }
    return count == 0 || same(left, right, 0, UInt8.self)
}

@inline(__always)
private func same<Word: FixedWidthInteger & BitwiseCopyable>(
    _ left: UnsafeRawPointer,
    _ right: UnsafeRawPointer,
    _ offset: Int,
    _: Word.Type
) -> Bool {
    left.loadUnaligned(fromByteOffset: offset, as: Word.self)
        == right.loadUnaligned(fromByteOffset: offset, as: Word.self)
}

extension UnsafeRawBufferPointer {
    /// Whether both hold the same bytes.
    @usableFromInline
    func hasSameBytes(as other: UnsafeRawBufferPointer) -> Bool {
        guard count == other.count, let left = baseAddress, let right = other.baseAddress else {
            return count == other.count
        }
        return left == right || same(left, right, count)
    }
}

/// Whether so many bytes are the same at both places.
@inline(__always)
func same(_ left: UnsafeRawPointer, _ right: UnsafeRawPointer, _ count: Int) -> Bool {
    var position = 0
    while position &+ 8 <= count {
        guard same(left, right, position, UInt64.self) else { return false }
        position &+= 8
    }
    // The last word overlaps the one in front of it.
    if position > 0 { return position == count || same(left, right, count &- 8, UInt64.self) }
    if count >= 4 { return same(left, right, 0, UInt32.self) && same(left, right, count &- 4, UInt32.self) }
    if count >= 2 { return same(left, right, 0, UInt16.self) && same(left, right, count &- 2, UInt16.self) }
    return count == 0 || same(left, right, 0, UInt8.self)
}
