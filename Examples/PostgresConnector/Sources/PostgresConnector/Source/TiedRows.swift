// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// Tells rows of one key apart, by what is in them: the server gives them in any order.
struct TiedRows: Sendable {
    private var key: [String] = []
    private var counts: [UInt64: Int] = [:]

    /// An id that the row has whenever the rows of its key are read again.
    mutating func id(of row: SharedBytes, _ key: [String], _ partition: RecordPartition) -> String {
        if key != self.key {
            self.key = key
            counts = [:]
        }
        let hash = Self.hash(row)
        let count = counts[hash, default: 0]
        counts[hash] = count + 1
        let name = "\(partition.name):\(key.joined(separator: "|"))/" + String(hash, radix: 16)
        return count == 0 ? name : "\(name)/\(count)"
    }

    /// FNV-1a: it has to be the same in every process.
    private static func hash(_ row: SharedBytes) -> UInt64 {
        row.withUnsafeBytes { bytes in
            bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        }
    }
}
