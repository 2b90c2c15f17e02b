// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// Where something is in an input.
struct TextPlace: Equatable {
    /// Counted from 1.
    let line: Int
    /// Characters of Unicode, counted from 1.
    let column: Int
}

/// The places of an input, which is gone through once, however many are asked for.
struct TextPlaces {
    private let bytes: SharedBytes
    private var lineStarts = [0]
    /// How many characters begin before each block.
    private var charactersBefore: [Int] = []
    private static let block = 4096

    init(_ bytes: SharedBytes) {
        self.bytes = bytes
        var characters = 0
        bytes.withUnsafeBytes { buffer in
            for (offset, byte) in buffer.enumerated() {
                if offset.isMultiple(of: Self.block) { charactersBefore.append(characters) }
                if byte == UInt8(ascii: "\n") { lineStarts.append(offset + 1) }
                characters += Self.begins(byte) ? 1 : 0
            }
        }
        charactersBefore.append(characters)
    }

    /// The line and the column of a byte; a place behind the end is at the end.
    subscript(offset: Int) -> TextPlace {
        let offset = max(0, min(offset, bytes.count))
        var (low, high) = (0, lineStarts.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if lineStarts[middle] <= offset { low = middle } else { high = middle }
        }
        return TextPlace(line: low + 1, column: characters(before: offset) - characters(before: lineStarts[low]) + 1)
    }

    private func characters(before offset: Int) -> Int {
        let block = min(offset / Self.block, charactersBefore.count - 1)
        let start = min(block * Self.block, bytes.count)
        return charactersBefore[block]
            + bytes.withUnsafeBytes { $0[min(start, offset)..<offset].count(where: Self.begins) }
    }

    /// Every byte but those that continue a character begins one.
    private static func begins(_ byte: UInt8) -> Bool { byte & 0xC0 != 0x80 }
}
