// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import EventTestSupport
import Testing

struct JSONTests {
    @Test(
        "JSON texts are accepted (RFC 8259)",
        arguments: [
            "0", "-0", "1.5", "1E+2", "-1.0e-10", "\"\"", "[]", "{}", " [ ] ", "\t{\"a\" : [ 1 , {} ] }\r\n",
            "\"\\u00e9\\ud83d\\ude00\"",
            "\"\u{7F}é漢😀\"", "{\"a\":1,\"a\":2}", "[null,true,false]", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "{\"\":0}",
        ]
    )
    func accepted(text: String) {
        #expect(throws: Never.self) { try TestJSON(text) }
    }

    @Test(
        "What is no JSON text is refused (RFC 8259)",
        arguments: [
            "", " ", "01", "-", "+1", "1.", ".5", "1e", "1e+", "0x1", "NaN", "Infinity", "tru", "nul", "True", "[", "]",
            "[1", "[1,",
            "[1,]", "[,1]", "[1 2]", "{", "}", "{a:1}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}", "{\"a\":1 \"b\":2}",
            "{1:1}",
            "[1}", "{\"a\":1]", "1 1", "[]]", "\"", "\"\\", "\"\\u12\"", "\"\\u12g4\"", "\"\\ud800\"", "\"\\udc00\"",
            "\"\\ud800\\u0041\"", "\"\\ud800\\ud800\"", "\"\\ud800x\"", "\"\\a\"", "\"\n\"", "\"\u{0}\"", "'a'",
            "// x\n1",
            "\u{FEFF}1", "[1]\u{0}", "\"\\ud83d\\",
        ]
    )
    func refused(text: String) {
        expectError(.malformed) { try TestJSON(text) }
    }

    @Test(
        "UTF-8 is checked (RFC 3629)",
        arguments: [
            ([0xC3, 0xA9], true), ([0xE0, 0xA0, 0x80], true), ([0xED, 0x9F, 0xBF], true),
            ([0xF0, 0x90, 0x80, 0x80], true),
            ([0xF4, 0x8F, 0xBF, 0xBF], true), ([0x80], false), ([0xC0, 0x80], false), ([0xC1, 0xBF], false),
            ([0xC3], false),
            ([0xC3, 0x41], false), ([0xE0, 0x9F, 0x80], false), ([0xED, 0xA0, 0x80], false), ([0xE2, 0x82], false),
            ([0xF0, 0x8F, 0x80, 0x80], false), ([0xF4, 0x90, 0x80, 0x80], false), ([0xF5, 0x80, 0x80, 0x80], false),
            ([0xF0, 0x9F, 0x98], false), ([0xFF], false), ([0xE2, 0x28, 0xA1], false),
            ([0xF0, 0x9F, 0x28, 0x80], false),
        ] as [([UInt8], Bool)]
    )
    func utf8(bytes: [UInt8], isValid: Bool) {
        for before in [0, 1, 7, 8, 15, 16, 33] {
            for after in [0, 1, 17] {
                let padded =
                    [UInt8](repeating: 0x61, count: before) + bytes + [UInt8](repeating: 0x61, count: after)
                #expect(padded.withUnsafeBytes { isValidUTF8($0) } == isValid)
                let quote = [UInt8(ascii: "\"")]
                #expect(((try? TestJSON(SharedBytes(quote + padded + quote))) != nil) == isValid)
            }
        }
    }

    @Test("Tokens come in their order, with digits and places kept")
    func tokens() throws {
        let text = SharedBytes(utf8: #"{"a":[1.50,"x\n"],"b":null}"#)
        try text.withUnsafeBytes { bytes in
            var reader = JSONReader(bytes)
            var seen: [String] = []
            while true {
                let token = try reader.next()
                switch token {
                case .name(let name): seen.append("name " + reader.text(name))
                case .string(let string): seen.append("string " + reader.text(string))
                case .number(let number): seen.append("number \(number.range) \(number.isInteger)")
                default: seen.append("\(token)")
                }
                if token == .end { break }
            }
            #expect(
                seen == [
                    "beginObject", "name a", "beginArray", "number 6..<10 false", "string x\n", "endArray", "name b",
                    "null", "endObject", "end",
                ]
            )
            #expect(try reader.next() == .end)
        }
    }

    @Test(
        "A special character at any place of a string is written and read",
        arguments: [
            "\"", "\\", "\n", "\u{0}", "\u{1F}", "\u{7F}", "é", "😀", " ", "!",
        ]
    )
    func strings(special: String) throws {
        for before in 0..<40 {
            for after in [0, 1, 7, 16, 40] {
                let text =
                    String(repeating: "a", count: before) + special + String(repeating: "#", count: after) + special
                var writer = JSONWriter(capacity: 1)
                writer.writeString(text)
                #expect(try TestJSON(writer.finish()) == .string(text))
            }
        }
    }

    @Test("All control characters have their escapes")
    func controlCharacters() throws {
        let text = String(String.UnicodeScalarView((0..<0x20).compactMap { Unicode.Scalar($0 as UInt32) }))
        var writer = JSONWriter()
        writer.writeString(text)
        let written = writer.finish()
        #expect(
            String(decodingUTF8: written).hasPrefix(
                #""\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r"#
            )
        )
        #expect(try TestJSON(written) == .string(text))
    }

    @Test("Whole numbers", arguments: [0, 9, 10, -1, -10, 1234567890, .max, .min] as [Int64])
    func integers(value: Int64) {
        var writer = JSONWriter()
        writer.writeInteger(value)
        #expect(String(decodingUTF8: writer.finish()) == String(value))
    }

    @Test("Whole numbers of every length")
    func integersOfEveryLength() {
        var power: Int64 = 1
        for _ in 0..<19 {
            for value in [power - 1, power, power + 1, power / 3 * 2, -power] {
                var writer = JSONWriter(capacity: 1)
                writer.writeInteger(value)
                #expect(String(decodingUTF8: writer.finish()) == String(value))
            }
            power = power.multipliedReportingOverflow(by: 10).partialValue
        }
        for value in stride(from: Int64(0), to: 100_000_000, by: 9973) {
            var writer = JSONWriter(capacity: 1)
            writer.writeInteger(value)
            #expect(String(decodingUTF8: writer.finish()) == String(value))
        }
    }

    @Test("Plain text is appended as it is, any other is not appended", arguments: 0..<70)
    func plainText(count: Int) {
        let plain = (0..<count).map { UInt8(ascii: "#") + UInt8($0) % 50 }
        var texts = [plain]
        for place in plain.indices {
            for special: UInt8 in [0x00, 0x1F, 0x22, 0x5C, 0x7F, 0x80, 0xFF] {
                var text = plain
                text[place] = special
                texts.append(text)
            }
        }
        for text in texts {
            var writer = JSONWriter(capacity: 1)
            writer.writeRaw("a")
            let isPlain = text.withUnsafeBytes { writer.writeIfPlain($0) }
            #expect(isPlain == (text == plain))
            #expect(Array(writer.finish()) == Array("a".utf8) + (isPlain ? text : []))
        }
    }

    @Test("A writer keeps, cuts, hands over and forgets what it holds")
    func writer() {
        var writer = JSONWriter(capacity: 1)
        for _ in 0..<100 { writer.writeRaw("abcdefghij") }
        #expect(writer.count == 1000)
        writer.truncate(to: 10)
        #expect(writer.withUnsafeBytes { String(decoding: $0, as: UTF8.self) } == "abcdefghij")
        let taken = writer.takeBytes()
        writer.writeRaw("new")
        #expect(String(decodingUTF8: taken) == "abcdefghij")
        writer.removeAll(keepingCapacity: true)
        #expect(writer.count == 0)
        writer.writeRaw(taken)
        writer.writeRaw(SharedBytes())
        #expect(writer.finish() == taken)
    }

    @Test("Base64 of every length is written and read (T4)", arguments: 0..<70)
    func base64(count: Int) throws {
        let bytes = SharedBytes((0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 250) })
        let text = Base64.encode(bytes)
        #expect(text.utf8.count == Base64.encodedCount(count))
        #expect(SharedBytes(utf8: text).withUnsafeBytes { Base64.decode($0) } == bytes)
        var writer = JSONWriter(capacity: 1)
        bytes.withUnsafeBytes { writer.writeBase64($0) }
        #expect(String(decodingUTF8: writer.finish()) == "\"\(text)\"")
    }
}
