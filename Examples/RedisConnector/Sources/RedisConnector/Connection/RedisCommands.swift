// SPDX-License-Identifier: Apache-2.0

package import CloudEventsCodec
import NIOCore

/// Commands that are sent together, as arrays of bulk strings (the request form of RESP).
package struct RedisCommands: Sendable {
    private(set) var bytes = ByteBuffer()
    /// How many commands there are, and so how many replies are expected.
    package private(set) var count = 0

    package init() {}

    /// One command.
    package init(_ words: [String]) { add(words) }

    /// Adds a command of texts.
    package mutating func add(_ words: [String]) {
        begin(words.count)
        for word in words { add(word) }
    }

    /// Begins a command; as many words have to follow.
    package mutating func begin(_ words: Int) {
        count += 1
        writeHeader(UInt8(ascii: "*"), words)
    }

    /// Adds a word that is text.
    package mutating func add(_ word: String) {
        writeHeader(UInt8(ascii: "$"), word.utf8.count)
        bytes.writeString(word)
        writeLineEnd()
    }

    /// Adds a word of any bytes.
    package mutating func add(_ word: SharedBytes) {
        writeHeader(UInt8(ascii: "$"), word.count)
        word.withUnsafeBytes { _ = bytes.writeBytes($0) }
        writeLineEnd()
    }

    /// Adds a number.
    package mutating func add(_ number: some BinaryInteger) { add(String(number)) }

    /// Makes room, so that a large batch is not copied as it grows.
    package mutating func reserve(_ capacity: Int) { bytes.reserveCapacity(minimumWritableBytes: capacity) }

    private mutating func writeHeader(_ kind: UInt8, _ number: Int) {
        bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: 24) { target in
            target[0] = kind
            var end = 1
            var scale = 1
            while number / scale >= 10 { scale *= 10 }
            while scale > 0 {
                target[end] = UInt8(ascii: "0") + UInt8(number / scale % 10)
                end += 1
                scale /= 10
            }
            target[end] = UInt8(ascii: "\r")
            target[end + 1] = UInt8(ascii: "\n")
            return end + 2
        }
    }

    private mutating func writeLineEnd() { bytes.writeInteger(UInt16(0x0D0A)) }
}
