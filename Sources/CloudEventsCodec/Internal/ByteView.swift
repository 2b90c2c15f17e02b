// SPDX-License-Identifier: Apache-2.0

/// Bytes that are looked at one by one on a hot path.
///
/// `UnsafeRawBufferPointer` keeps its end as a pointer and may have none at all, so that each look costs a subtraction
/// and a check for `nil`. Nothing is checked here: whoever looks has compared the position with ``count``.
struct ByteView {
    let base: UnsafeRawPointer
    let count: Int

    @inline(__always)
    init(_ bytes: UnsafeRawBufferPointer) {
        base = bytes.baseAddress ?? UnsafeRawPointer(StaticString("").utf8Start)
        count = bytes.count
    }

    @inline(__always)
    subscript(position: Int) -> UInt8 { base.load(fromByteOffset: position, as: UInt8.self) }

    @inline(__always)
    subscript(range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: base + range.lowerBound, count: range.upperBound &- range.lowerBound)
    }

    @inline(__always)
    func load<Word: BitwiseCopyable>(_ position: Int, as type: Word.Type) -> Word {
        base.loadUnaligned(fromByteOffset: position, as: type)
    }

    /// All of them.
    @inline(__always) var buffer: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }
}
