// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// Where something is in an input.
struct TextPlace: Equatable {
    /// Counted from 1.
    let line: Int
    /// Characters of Unicode, counted from 1.
    let column: Int

    /// Finds the line and the column of a byte; a place behind the end is at the end.
    init(offset: Int, in bytes: SharedBytes) {
        let before = bytes.slice(0..<max(0, min(offset, bytes.count)))
        let start = (before.lastIndex(of: UInt8(ascii: "\n")) ?? -1) + 1
        line = before.count { $0 == UInt8(ascii: "\n") } + 1
        // Every byte but those that continue a character begins one.
        column = before[start...].count { $0 & 0xC0 != 0x80 } + 1
    }
}
