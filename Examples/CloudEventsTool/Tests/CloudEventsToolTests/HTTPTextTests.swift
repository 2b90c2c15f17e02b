// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import Testing

@testable import CloudEventsTool

/// HTTP messages as text.
struct HTTPTextTests {
    private func read(_ text: String) throws -> [(headers: [MessageHeader], body: String)] {
        let bytes = SharedBytes(utf8: text)
        let (messages, failure) = HTTPText.messages(in: bytes)
        if let failure { throw failure }
        return messages.map { ($0.headers, String(decodingUTF8: bytes.slice($0.body))) }
    }

    @Test(
        "A start line may be there, and lines may end in both ways",
        arguments: [
            "POST /x HTTP/1.1\r\nA: b\r\nC:  d \t\r\n\r\nbody", "A: b\nC: d\n\nbody",
            "HTTP/1.1 200 OK\nA:b\nC: d\n\r\nbody",
            "\r\nA: b\r\nC:d\r\nContent-Length: 4\r\n\r\nbody\n",
        ]
    )
    func message(_ text: String) throws {
        let messages = try read(text)
        #expect(messages.count == 1)
        #expect(messages[0].headers.prefix(2) == [MessageHeader("A", "b"), MessageHeader("C", "d")])
        #expect(messages[0].body == "body")
        #expect(HTTPText.isLikely(SharedBytes(utf8: text)))
    }

    @Test("A body is as long as Content-Length says, and more messages may follow")
    func contentLength() throws {
        let messages = try read(
            "A: 1\ncontent-length: 3\n\na\n\nB: 2\nContent-Length: 0\n\n\nPOST / HTTP/1.1\nC: 3\n\nx\ny\n"
        )
        #expect(messages.map(\.body) == ["a\n\n", "", "x\ny\n"])
        #expect(messages.map(\.headers[0].name) == ["A", "B", "C"])
        #expect(try read("").isEmpty)
        #expect(try read("A: \n\n").first?.headers == [MessageHeader("A", "")])
    }

    @Test(
        "What is no message is refused with its place",
        arguments: [
            ("A: b", 4), ("A: b\n", 5), ("nothing\n\n", 0), ("A: b\n folded: x\n\n", 5), ("A: b\nc\n\n", 5),
            ("Content-Length: 5\n\nbody", 23), ("Content-Length: -1\n\n", 0), ("Content-Length: x\n\n", 0),
            ("Content-Length: 99999999999999999999\n\n", 0), ("Content-Length: 1\nContent-Length: 2\n\nab", 0),
            ("Transfer-Encoding: chunked\n\n0\n\n", 0), (": x\n\n", 0),
            ("A: b\n\(String(repeating: "x", count: 3))", 5),
        ]
    )
    func refused(text: String, offset: Int) throws {
        let error = #expect(throws: CloudEventError.self) { try read(text) }
        #expect(error?.code == .malformed && error?.offset == offset, "\(String(describing: error))")
    }

    @Test("Any bytes are refused or read")
    func damaged() {
        let whole = Array("POST / HTTP/1.1\r\nA: b\r\nContent-Length: 3\r\n\r\nabcX: y\n\n".utf8)
        for length in 0...whole.count { _ = HTTPText.messages(in: SharedBytes(whole.prefix(length))) }
        for index in whole.indices {
            for byte: UInt8 in [0, 0x0A, 0x0D, 0x3A, 0x39, 0x80, 0xFF] {
                var bytes = whole
                bytes[index] = byte
                _ = HTTPText.messages(in: SharedBytes(bytes))
                _ = HTTPText.isLikely(SharedBytes(bytes))
            }
        }
    }

    @Test("What is written is read again")
    func written() {
        let bytes = HTTPText.write(headers: [MessageHeader("ce-id", "1")], body: SharedBytes(utf8: "\n\na\n"))
        let (messages, failure) = HTTPText.messages(in: bytes)
        #expect(failure == nil && messages.count == 1 && messages[0].headers.first == MessageHeader("ce-id", "1"))
        #expect(bytes.slice(messages[0].body) == SharedBytes(utf8: "\n\na\n"))
    }
}
