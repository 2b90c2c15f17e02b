// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Testing

/// Reading JSON with comments, and knowing where everything stands.
@Suite struct SettingDocumentTests {
    private func value(_ json: String) throws -> StructuredValue {
        try StructuredValue(setting: SettingDocument(json: json).root)
    }

    @Test(
        arguments: [
            ("{}", StructuredValue.object([:])),
            (
                "[1, -0, 1.50, 1e400, 123456789012345678901234567890]",
                .array([
                    .integer(1), .decimal("-0"), .decimal("1.50"), .decimal("1e400"),
                    .decimal("123456789012345678901234567890"),
                ])
            ),
            (#""\"\\\/\b\f\n\r\tAé😀""#, .string("\"\\/\u{8}\u{C}\n\r\tAé😀")),
            (
                "// one\n{ /* two\n * / */ \"a\": true, // three\n \"b\": null, }",
                .object(["a": .boolean(true), "b": .null])
            ),
            ("\u{FEFF}[false,\r\n]", .array([.boolean(false)])),
            ("[[],[],]", .array([.array([]), .array([])])),
        ] as [(String, StructuredValue)]
    )
    func reads(_ json: String, _ expected: StructuredValue) throws {
        #expect(try value(json) == expected)
    }

    @Test(
        arguments: [
            ("", "1:1", "empty"),
            ("{", "1:2", "ends before the closing '}'"),
            ("[1 2]", "1:4", "a comma or ']'"),
            ("[,]", "1:2", "a value is expected"),
            ("[1,,2]", "1:4", "a value is expected"),
            ("{\"a\" 1}", "1:6", "a colon"),
            ("{a: 1}", "1:2", "a name in quotes"),
            ("{\"ä\": x}", "1:7", "double quotes"),
            ("{\n  \"a\": 01\n}", "2:8", "no number in JSON"),
            ("[1.]", "1:2", "no number in JSON"),
            ("[1e]", "1:2", "no number"),
            ("[0x10]", "1:2", "no number in JSON; texts stand in double quotes"),
            ("[\"a\nb\"]", "1:4", "end of its line"),
            ("[\"a", "1:2", "no closing quote"),
            ("[\"\\x\"]", "1:3", "no escape"),
            ("[\"\\u12G4\"]", "1:3", "no escape"),
            ("[\"\\ud800\"]", "1:3", "surrogate"),
            ("[\"\\udc00\"]", "1:3", "surrogate"),
            ("[\"\\ud800\\u0041\"]", "1:3", "surrogate"),
            ("[] []", "1:4", "follows the end"),
            ("[] /", "1:4", "a comment begins"),
            ("/* a\n * b", "1:1", "has no end"),
            (String(repeating: "[", count: 65), "1:65", "deeper than 64"),
        ] as [(String, String, String)]
    )
    func refuses(_ json: String, _ place: String, _ words: String) throws {
        let error = try #require(throws: SettingProblems.self) { try SettingDocument(json: json) }
        #expect(error.problems.count == 1)
        #expect(error.description.hasPrefix(place + ": "), "\(error)")
        #expect(error.description.contains(words), "\(error)")
    }

    @Test func refusesBytesThatAreNoText() throws {
        let error = try #require(throws: SettingProblems.self) {
            try SettingDocument(utf8: Array("[\n \"".utf8) + [0xFF] + Array("\"]".utf8), file: "c.json")
        }
        #expect(error.description == "c.json:2:3: is no UTF-8 here")
    }

    @Test func namesWhatIsThereTwiceAndReadsOn() throws {
        let document = try SettingDocument(json: "{ \"a\": { \"b\": 1,\n \"b\": 2, \"b\": 3 } }", file: "c.json")
        #expect(
            document.problems.map(\.description) == [
                "c.json:2:2: a.b: is there twice; the first is in line 1",
                "c.json:2:10: a.b: is there twice; the first is in line 1",
            ]
        )
        #expect(try StructuredValue(setting: document.root) == .object(["a": .object(["b": .integer(1)])]))
    }

    @Test func knowsPathsAndPlaces() throws {
        let document = try SettingDocument(json: "{\n \"a\": [ 1, { \"b c\": \"x\", \"d.e\": \"y\" } ]\n}", file: "f")
        let inner = try document.root.members()[0].value.elements()[1].members()
        #expect(inner.map(\.value.keyPath) == ["a[1].b c".replacing(".b c", with: "[\"b c\"]"), "a[1][\"d.e\"]"])
        #expect(inner.map { "\($0.value.place!)" } == ["f:2:21", "f:2:33"])
    }

    /// What a text holds may be a secret that is in the wrong place.
    @Test(
        arguments: [
            "{ \"password\": hunter2 }", "{ \"password\": 'hunter2' }", "[\"hunter2", "{ \"password\": 9hunter2 }",
            "{ \"password\": -hunter2 }", "{ \"password\": 0hunter2! }",
            "{ \"headers\": { \"Authorization: Bearer hunter2\" } }", "{ \"old\": {\"hunter2\"} }",
        ]
    )
    func saysNothingOfWhatStandsThere(_ json: String) throws {
        let error = try #require(throws: SettingProblems.self) { try SettingDocument(json: json) }
        #expect(!error.description.contains("hunter"), "\(error)")
    }

    @Test(arguments: ["0811440766", "0811440", "08114-40"])
    func saysNothingOfDigits(_ pin: String) throws {
        let error = try #require(throws: SettingProblems.self) { try SettingDocument(json: "{ \"pin\": \(pin) }") }
        #expect(!error.description.contains("08114"), "\(error)")
    }
}
