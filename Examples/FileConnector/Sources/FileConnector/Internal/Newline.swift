// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

extension UnsafeRawBufferPointer {
    /// Where the first newline is, if there is one.
    @inline(__always)
    var firstNewline: Int? {
        guard let base = baseAddress, let newline = memchr(base, 0x0A, count) else { return nil }
        return UnsafeRawPointer(newline) - base
    }
}
