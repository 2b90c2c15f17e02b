// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// An attribute as a record holds it, without a reference that would be counted.
///
/// Asking a record for a String counts a reference up and down, and so did half of the time of a filter pass.
enum HeldAttribute: BitwiseCopyable {
    case absent
    case integer(Int32)
    case boolean(Bool)
    case text(HeldText)
    /// It is there or not; its text has to be made.
    case computed

    @inline(__always)
    init(_ text: borrowing String) {
        self = HeldText(text).map { .text($0) } ?? .computed
    }
}

/// The UTF-8 of a text, without a reference to the object that it lies in.
///
/// It is valid while the record that it was taken from is kept alive and not changed. A text of up to 15 bytes is
/// copied. The bytes of a longer one, where they are in one piece, belong to the object that the String refers to, which is
/// neither moved nor freed, nor changed, while a String refers to it. One does: it is a field of the record's details, or of its
/// partition's defaults, which never change. Details are changed through a record that is mutated, and only while no
/// other record refers to them; so not while somebody borrows this one, as whoever asks it for an attribute does.
struct HeldText: BitwiseCopyable {
    /// `nil` where the bytes are copied.
    private let start: UnsafeRawPointer?
    private let count: Int
    private let copy: SIMD2<UInt64>

    @inline(__always)
    init?(_ text: borrowing String) {
        guard let held = text.utf8.withContiguousStorageIfAvailable({ HeldText(UnsafeRawBufferPointer($0)) }) else {
            return nil
        }
        self = held
    }

    @inline(__always)
    private init(_ bytes: UnsafeRawBufferPointer) {
        count = bytes.count
        start = bytes.count < 16 ? nil : bytes.baseAddress
        copy = bytes.count < 16 ? Self.copy(bytes) : .zero
    }

    /// Up to 15 bytes, by loads that overlap.
    @inline(__always)
    private static func copy(_ bytes: UnsafeRawBufferPointer) -> SIMD2<UInt64> {
        let count = bytes.count
        if count >= 8 {
            let low = bytes.loadUnaligned(as: UInt64.self).littleEndian
            let end = bytes.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self).littleEndian
            return SIMD2(low, count == 8 ? 0 : end &>> UInt64(8 &* (16 &- count)))
        }
        if count >= 4 {
            let low = UInt64(bytes.loadUnaligned(as: UInt32.self).littleEndian)
            let end = UInt64(bytes.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self).littleEndian)
            return SIMD2(low | end &<< UInt64(8 &* (count &- 4)), 0)
        }
        var low: UInt64 = 0
        for index in bytes.indices { low |= UInt64(bytes[index]) &<< UInt64(8 &* index) }
        return SIMD2(low, 0)
    }

    @inline(__always)
    func withBytes(_ body: (UnsafeRawBufferPointer) -> Bool) -> Bool {
        if let start { return body(UnsafeRawBufferPointer(start: start, count: count)) }
        let bytes = SIMD2(copy.x.littleEndian, copy.y.littleEndian)
        return withUnsafeBytes(of: bytes) { body(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    }
}
