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
        var word = word
        word.withUTF8 { write(UnsafeRawBufferPointer($0)) }
    }

    /// Adds a word of any bytes.
    package mutating func add(_ word: SharedBytes) {
        word.withUnsafeBytes { write($0) }
    }

    /// Adds a number.
    package mutating func add(_ number: some BinaryInteger) { add(String(number)) }

    private static let longestHeader = 24

    /// Writes a word in one go: each call of the buffer costs as much as some words.
    private mutating func write(_ word: UnsafeRawBufferPointer) {
        bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: word.count + Self.longestHeader + 2) { target in
            let start = Self.writeHeader(UInt8(ascii: "$"), word.count, target)
            if let source = word.baseAddress, let base = target.baseAddress {
                (base + start).copyMemory(from: source, byteCount: word.count)
            }
            target[start + word.count] = UInt8(ascii: "\r")
            target[start + word.count + 1] = UInt8(ascii: "\n")
            return start + word.count + 2
        }
    }

    private mutating func writeHeader(_ kind: UInt8, _ number: Int) {
        bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.longestHeader) { target in
            Self.writeHeader(kind, number, target)
        }
    }

    private static func writeHeader(_ kind: UInt8, _ number: Int, _ target: UnsafeMutableRawBufferPointer) -> Int {
        var end = 1
        var rest = number
        repeat {
            end += 1
            rest /= 10
        } while rest > 0
        target[0] = kind
        target[end] = UInt8(ascii: "\r")
        target[end + 1] = UInt8(ascii: "\n")
        var place = end
        rest = number
        repeat {
            place -= 1
            target[place] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        } while rest > 0
        return end + 2
    }
}
