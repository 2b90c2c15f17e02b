// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect
import Testing

@Suite("Structured value ⇄ JSON")
struct StructuredValueJSONTests {
    private func read(_ text: String) throws -> StructuredValue { try StructuredValue(json: SharedBytes(utf8: text)) }

    @Test(
        "A number keeps its digits in the narrowest form that has them",
        arguments: [
            ("0", StructuredValue.integer(0)), ("-7", .integer(-7)), ("9223372036854775807", .integer(.max)),
            ("-9223372036854775808", .integer(.min)), ("9223372036854775808", .decimal("9223372036854775808")),
            ("-0", .decimal("-0")), ("1.5", .double(1.5)), ("0.1", .double(0.1)), ("1.0", .double(1)),
            ("-0.0", .double(-0.0)), ("1.50", .decimal("1.50")), ("0.10", .decimal("0.10")),
            ("1e400", .decimal("1e400")), ("1E2", .decimal("1E2")), ("1e+16", .double(1e16)),
            ("5e-324", .double(.leastNonzeroMagnitude)),
            ("0.30000000000000004", .double(0.1 + 0.2)), ("0.300000000000000040", .decimal("0.300000000000000040")),
        ]
    )
    func number(text: String, expected: StructuredValue) throws {
        let value = try read(text)
        #expect(value == expected)
        #expect(String(decodingUTF8: value.json) == text)
    }

    @Test("JSON text comes back with digits and order of members")
    func roundTrip() throws {
        for seed in 0..<2000 {
            var generator = RecordGenerator(seed: UInt64(seed))
            let text = generator.json()
            let value = try read(text)
            let written = value.json
            #expect(try StructuredValue(json: written) == value)
            #expect(try value.validatedJSON() == written)
            let withoutSpaces = text.replacing(", ", with: ",").replacing("\\/", with: "/")
                .replacing("\\ud83d\\ude00", with: "😀").replacing("\n", with: "")
            #expect(String(decodingUTF8: written) == withoutSpaces, "seed \(seed)")
        }
    }

    @Test(
        "What is not JSON is refused with its place",
        arguments: [
            ("", "byte 0"), ("{", "byte 1"), ("[1,]", "byte 3"), ("01", "byte 1"), ("nul", "byte 0"), ("1 2", "byte 2"),
            ("\"\\ud800\"", "byte 1"), ("[\"a\", tru]", "byte 6"), ("{\"a\":1,\"b\":2,\"a\":3}", "byte 14"),
        ]
    )
    func malformed(text: String, place: String) {
        expectError(mentioning: place) { try read(text) }
    }

    @Test("Of two members with one name the second is refused, among many members too")
    func duplicates() throws {
        let members = (0..<100).map { "\"m\($0)\":0" }
        #expect(try read("{" + members.joined(separator: ",") + "}").json.count > 0)
        for index in [0, 14, 15, 16, 99] {
            expectError(mentioning: "two members") {
                try read("{" + (members + ["\"m\(index)\":0"]).joined(separator: ",") + "}")
            }
        }
        let data = try RecordData.json(SharedBytes(utf8: #"{"a":1,"a":2}"#))
        expectError(mentioning: "two members") { try data.structured }
    }

    @Test("Names and texts are told apart by their bytes, among many members too", arguments: [0, 3, 40])
    func namesByBytes(others: Int) throws {
        // The same to a reader: an é, and an e with an accent behind it.
        let (short, long) = ("\u{E9}", "e\u{301}")
        let rest = (0..<others).map { ",\"m\($0)\":0" }.joined()
        let text = "{\"\(short)\":1,\"\(long)\":2\(rest)}"
        let value = try read(text)
        #expect(String(decodingUTF8: value.json) == text)
        guard case .object(var object) = value else { return #expect(Bool(false)) }
        #expect(object[short] == .integer(1) && object[long] == .integer(2))
        object[long] = .integer(3)
        object[short] = nil
        #expect(String(decodingUTF8: StructuredValue.object(object).json) == "{\"\(long)\":3\(rest)}")
        #expect(StructuredObject([(short, .null), (long, .null), (short, .integer(4))]).members.count == 2)
        #expect(StructuredValue.string(short) != .string(long) && StructuredValue.string(short) == .string("\u{E9}"))
        #expect(StructuredValue.object([(short): .null]) != .object([(long): .null]))
        expectError(mentioning: "two members") { try read("{\"\(short)\":1\(rest),\"\\u00e9\":2}") }
    }

    @Test("Any digits of a number come back, and any character of a text")
    func lossless() throws {
        var random = SeededGenerator(seed: 5)
        for _ in 0..<20_000 {
            let digits = { (count: Int) in (0..<count).map { _ in "\(random.below(10))" }.joined() }
            var number = random.chance(50) ? "-" : ""
            number += random.chance(30) ? "0" : "\(1 + random.below(9))" + digits(random.below(30))
            if random.chance(50) { number += "." + digits(1 + random.below(25)) }
            if random.chance(40) {
                number += random.pick(["e", "E"]) + random.pick(["", "+", "-"]) + digits(1 + random.below(4))
            }
            #expect(String(decodingUTF8: try read(number).json) == number)
            #expect(try read(number) == read(number))
        }
        for _ in 0..<2000 {
            var text = ""
            for _ in 0..<random.below(20) {
                let limit = random.pick([0x20, 0x80, 0x800, 0x11_0000])
                text.unicodeScalars.append(Unicode.Scalar(UInt32(random.below(limit))) ?? "?")
            }
            let value = StructuredValue.object(StructuredObject([(text, .string(text))]))
            #expect(try StructuredValue(json: value.json) == value)
            let escaped = text.utf16.map { unit in
                let hex = String(unit, radix: 16)
                return "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            }.joined()
            #expect(try read("\"\(escaped)\"") == .string(text))
        }
    }

    @Test("Nesting has a limit, both ways")
    func depth() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        let deepest = try read(nested(126))
        #expect(try deepest.validatedJSON().count == 252)
        expectError(mentioning: "deep") { try read(nested(127)) }
        expectError(mentioning: "126 levels") { try StructuredValue.array([deepest]).validatedJSON() }
        expectError(mentioning: "126 levels") { try StructuredValue.object(["a": deepest]).validatedJSON() }
    }

    @Test("What JSON has no form for becomes a string, never null")
    func otherTypes() throws {
        let value = StructuredValue.object([
            "bytes": .bytes(SharedBytes([0, 255])), "time": .timestamp(try Timestamp("2026-01-02T03:04:05.10+01:00")),
            "nan": .double(.nan), "up": .double(.infinity), "down": .double(-.infinity), "decimal": .decimal("NaN"),
        ])
        let expected =
            #"{"bytes":"AP8=","time":"2026-01-02T03:04:05.10+01:00","nan":"NaN","up":"Infinity","down":"-Infinity","#
            + #""decimal":"NaN"}"#
        #expect(String(decodingUTF8: value.json) == expected)
        #expect(RecordData.structured(value).text == expected)
    }

    @Test("The strict way names the place of what JSON has no form for")
    func defects() {
        let value = StructuredValue.object(["a": .array([.null, .object(["b": .double(.nan)])])])
        expectError(mentioning: "a: [1]: b: a double is not finite") { try value.validatedJSON() }
        for digits in ["", "1.", "+1", ".5", "01", "NaN", "1 ", "\"1\"", "1,2"] {
            expectError(mentioning: "a decimal") { try StructuredValue.decimal(digits).validatedJSON() }
        }
    }
}
