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

    /// How many newlines there are.
    ///
    /// Sixteen bytes are compared together, and counted in sixteen sums of a byte each. The types are spelled out: without
    /// them the compiler takes an overload that looks at each byte alone.
    var newlineCount: Int {
        var total = 0
        var position = 0
        while position &+ 16 <= count {
            var sums = SIMD16<UInt8>(repeating: 0)
            let end = Swift.min(count &- 15, position &+ 16 &* 255)
            while position < end {
                let block: SIMD16<UInt8> = loadUnaligned(fromByteOffset: position, as: SIMD16<UInt8>.self)
                let isNewline: SIMDMask<SIMD16<Int8>> = block .== SIMD16<UInt8>(repeating: 0x0A)
                sums.replace(with: sums &+ SIMD16<UInt8>(repeating: 1), where: isNewline)
                position &+= 16
            }
            total += Int(SIMD16<UInt16>(truncatingIfNeeded: sums).wrappedSum())
        }
        while position < count {
            total += self[position] == 0x0A ? 1 : 0
            position &+= 1
        }
        return total
    }
}
