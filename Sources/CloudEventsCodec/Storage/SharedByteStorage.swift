// SPDX-License-Identifier: Apache-2.0

/// The fields of a buffer in front of its bytes.
@usableFromInline
struct SharedByteHeader {
    @usableFromInline let capacity: Int
    /// Other buffers that texts or data within this one's content point into.
    @usableFromInline var textOwner: SharedByteStorage?
    @usableFromInline var dataOwner: SharedByteStorage?

    @usableFromInline
    init(capacity: Int) {
        self.capacity = capacity
    }
}

@available(*, unavailable)
extension SharedByteHeader: Sendable {}

/// A buffer of bytes, aligned to eight, in one allocation with its header.
///
/// Its class can never be `Sendable`. What holds one sends it safely all the same: a buffer is written only by who makes
/// it, before any other code has a reference, or where it is known that there is no other reference.
@usableFromInline
final class SharedByteStorage: ManagedBuffer<SharedByteHeader, UInt64> {
    @usableFromInline
    static func make(capacity: Int) -> SharedByteStorage {
        let buffer = SharedByteStorage.create(minimumCapacity: (capacity + 7) / 8) { _ in
            SharedByteHeader(capacity: capacity)
        }
        return unsafeDowncast(buffer, to: SharedByteStorage.self)
    }

    /// The first byte.
    @inlinable @inline(__always)
    var base: UnsafeMutableRawPointer {
        withUnsafeMutablePointerToElements { UnsafeMutableRawPointer($0) }
    }

    /// The size in bytes.
    @inlinable
    var byteCapacity: Int { withUnsafeMutablePointerToHeader { $0.pointee.capacity } }
}
