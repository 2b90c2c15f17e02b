// SPDX-License-Identifier: Apache-2.0

/// The 32-bit cyclic redundancy check with Castagnoli's polynomial (RFC 3720, section 12.1), eight bytes at a time.
package struct CRC32C: Sendable {
    private var state: UInt32 = ~0

    package init() {}

    /// The checksum of all bytes so far.
    package var value: UInt32 { ~state }

    /// The checksum of some bytes.
    package static func checksum(_ bytes: [UInt8]) -> UInt32 {
        bytes.withUnsafeBytes { checksum($0) }
    }

    /// The checksum of some bytes.
    package static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        var crc = CRC32C()
        crc.update(bytes)
        return crc.value
    }

    /// Takes in more bytes.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        var state = state
        Self.table.withUnsafeBufferPointer { table in
            var index = 0
            while index + 8 <= bytes.count {
                let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
                state = Self.eight(word ^ UInt64(state), table)
                index += 8
            }
            while index < bytes.count {
                let low = UInt8(truncatingIfNeeded: state) ^ bytes[index]
                state = table[Int(low)] ^ (state >> 8)
                index += 1
            }
        }
        self.state = state
    }

    private static func eight(_ word: UInt64, _ table: UnsafeBufferPointer<UInt32>) -> UInt32 {
        var result: UInt32 = 0
        for byte in 0..<8 {
            let value = Int(UInt8(truncatingIfNeeded: word >> UInt64(8 * byte)))
            result ^= table[(7 - byte) * 256 + value]
        }
        return result
    }

    /// Eight tables of 256: the n-th says what a byte does to the check n bytes later.
    private static let table: [UInt32] = {
        var table: [UInt32] = []
        for byte in 0..<256 {
            var crc = UInt32(byte)
            for _ in 0..<8 { crc = (crc >> 1) ^ (crc & 1 == 1 ? 0x82F6_3B78 : 0) }
            table.append(crc)
        }
        for index in 256..<2048 {
            let previous = table[index - 256]
            table.append(table[Int(previous & 0xFF)] ^ (previous >> 8))
        }
        return table
    }()
}
