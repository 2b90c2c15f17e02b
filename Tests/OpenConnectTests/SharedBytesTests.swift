// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import Testing

@Suite("Shared bytes")
struct SharedBytesTests {
    @Test("A piece shares its buffer and is equal by its bytes")
    func slices() {
        let bytes = SharedBytes(utf8: "hello, world")
        let piece = bytes.slice(7..<12)
        #expect(piece == SharedBytes(utf8: "world") && piece.hashValue == SharedBytes(utf8: "world").hashValue)
        #expect(piece.bufferIdentity == bytes.bufferIdentity)
        #expect(piece.slice(1..<3) == SharedBytes(utf8: "or"))
        #expect(piece.detached().bufferIdentity != bytes.bufferIdentity)
        #expect(Array(piece) == Array("world".utf8) && piece.description == "5 bytes")
    }

    @Test("No bytes are bytes too")
    func empty() {
        #expect(SharedBytes() == SharedBytes([]) && SharedBytes().isEmpty)
        #expect(SharedBytes(utf8: "abc").slice(3..<3) == SharedBytes())
        #expect(String(validatingUTF8: SharedBytes()) == "")
    }

    @Test("Text is checked, or repaired")
    func text() {
        #expect(String(validatingUTF8: SharedBytes([0x61, 0xC3])) == nil)
        #expect(String(decodingUTF8: SharedBytes([0x61, 0xC3])) == "a\u{FFFD}")
    }
}
