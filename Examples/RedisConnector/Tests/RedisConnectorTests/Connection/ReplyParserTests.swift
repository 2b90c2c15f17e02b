// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import RedisConnector

@Suite("Replies of the server, and of somebody who is none")
struct ReplyParserTests {
    private static let replies =
        "+OK\r\n:-42\r\n$5\r\na\r\nbc\r\n$-1\r\n*-1\r\n*0\r\n*2\r\n*2\r\n:1\r\n$0\r\n\r\n*1\r\n-ERR no\r\n-WRONGTYPE x\r\n"

    @Test("They are the same in one piece and in any two or byte by byte")
    func pieces() throws {
        let all = Array(Self.replies.utf8)
        var cuts = (0...all.count).map { [$0] }
        cuts.append(Array(0...all.count))
        for cut in cuts {
            var parser = ReplyParser()
            var begin = 0
            var found: RedisReplies?
            for end in cut + [all.count] where end > begin {
                var piece = ByteBuffer(bytes: all[begin..<end])
                parser.append(&piece)
                begin = end
                if found == nil { found = try parser.next(8) }
            }
            let replies = try #require(found)
            try expectReplies(replies)
            #expect(parser.isEmpty)
        }
    }

    private func expectReplies(_ replies: RedisReplies) throws {
        #expect(replies.count == 8)
        #expect(replies[0].text == "OK")
        #expect(replies[1].integer == -42)
        #expect(replies[2].text == "a\r\nbc")
        #expect(replies[3].isNull && replies[4].isNull)
        #expect(replies[5].isArray && replies[5].elements.isEmpty)
        let nested = replies[6].elements
        try #require(nested.count == 2)
        #expect(nested[0].elements[0].integer == 1 && nested[0].elements[1].text == "")
        #expect(nested[1].elements[0].error?.code == "ERR")
        #expect(replies.firstError?.code == "WRONGTYPE")
    }

    @Test("Replies to one batch of commands are kept apart from those to the next one")
    func batches() throws {
        var parser = ReplyParser()
        var bytes = ByteBuffer(string: "+a\r\n+b\r\n+c\r\n+")
        parser.append(&bytes)
        let first = try parser.next(2)
        let second = try parser.next(1)
        let third = try parser.next(1)
        #expect(first?.count == 2 && second?[0].text == "c" && third == nil)
    }

    @Test(arguments: [
        "hello\r\n", "$5\r\nabcdefg\r\n", "$-2\r\n", "$99999999999999999999\r\n", "$600000000\r\n", "*-7\r\n",
        "*9223372036854775807\r\n", ":12x\r\n", ":\r\n", "$\r\n", "%1\r\n", String(repeating: "*1\r\n", count: 100),
        "+" + String(repeating: "x", count: 2 << 20), ":99999999999999999999999\r\n",
    ])
    func `what is no reply is refused without a trap`(text: String) {
        var parser = ReplyParser()
        var bytes = ByteBuffer(string: text)
        parser.append(&bytes)
        #expect(throws: ReplyParser.Flaw.self) { try parser.next(1) }
    }

    @Test("Random bytes end in a flaw, or want more")
    func noise() {
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array("*$+-:0123456789\r\n\r\n\r\nxyz".utf8)
        for _ in 0..<20_000 {
            var parser = ReplyParser()
            let bytes = (0..<Int.random(in: 1...40)).map { _ in alphabet.randomElement(using: &generator) ?? 0 }
            var buffer = ByteBuffer(bytes: bytes)
            parser.append(&buffer)
            _ = try? parser.next(2)?.roots.map { _ in 0 }
        }
    }

    @Test("An error does not repeat the arguments of a command, which may be a password")
    func arguments() {
        let error = ServerError("ERR unknown command 'AUTH', with args beginning with: 'mover' 'open-sesame' ")
        #expect(error.description == "ERR unknown command 'AUTH'")
        #expect(!"\(error.error("a test"))".contains("sesame"))
    }
}
