// SPDX-License-Identifier: Apache-2.0

/// The buffer behind ``SharedBytes``: header and bytes in one allocation.
///
/// It is safe to send: it is written only by the initializer that makes it, before any other code has a reference.
@usableFromInline
final class SharedByteStorage: @unchecked Sendable {
    /// The first byte behind the object's own header.
    @usableFromInline let base: UnsafeMutablePointer<UInt8>
    @usableFromInline let capacity: Int

    @usableFromInline
    init(capacity: Int) {
        base = .allocate(capacity: capacity)
        self.capacity = capacity
    }

    deinit { base.deallocate() }

    @inlinable
    static func make(capacity: Int) -> SharedByteStorage { SharedByteStorage(capacity: capacity) }
}
