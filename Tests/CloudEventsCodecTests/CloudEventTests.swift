// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import Testing

struct CloudEventTests {
    @Test("An event is checked when it is made (C2, C5, C7, T3)")
    func construction() throws {
        expectError(.invalidValue, rule: "C2", attribute: "id") { try CloudEvent(id: "", source: "/s", type: "t") }
        expectError(.invalidValue, rule: "C5", attribute: "source") { try CloudEvent(id: "1", source: "", type: "t") }
        expectError(.invalidValue, rule: "C2", attribute: "type") { try CloudEvent(id: "1", source: "/s", type: "") }
        expectError(.invalidValue, rule: "T3", attribute: "id") { try CloudEvent(id: "\n", source: "/s", type: "t") }
        expectError(.invalidValue, rule: "C7", attribute: "subject") {
            try CloudEvent(id: "1", source: "/s", type: "t", subject: "")
        }
        expectError(.invalidValue, rule: "C7", attribute: "datacontenttype") {
            try CloudEvent(id: "1", source: "/s", type: "t", dataContentType: "json")
        }
        expectError(.invalidValue, rule: "T3", attribute: "x") {
            try CloudEvent(id: "1", source: "/s", type: "t", extensions: ["x": "\u{FFFF}"])
        }
    }

    @Test("A change that breaks a rule changes nothing (C2, C5, C7, C13)")
    func changes() throws {
        var event = try CloudEvent(id: "1", source: "/s", type: "t", subject: "u", dataContentType: "a/b")
        let before = event
        expectError(.invalidValue) { try event.setID("") }
        expectError(.invalidValue) { try event.setSource("") }
        expectError(.invalidValue) { try event.setType("\u{0}") }
        expectError(.invalidValue) { try event.setSubject("") }
        expectError(.invalidValue) { try event.setDataContentType("a") }
        expectError(.invalidName) { try event.setExtensions(["id": "2"]) }
        expectError(.invalidValue) { try event.setExtension("x", to: "\u{1}") }
        #expect(event == before)
        try event.setID("2")
        try event.setSource("/t")
        try event.setType("u")
        try event.setSubject(nil)
        try event.setDataContentType(nil)
        try event.setExtension("x", to: 1)
        #expect(event == (try CloudEvent(id: "2", source: "/t", type: "u", extensions: ["x": 1])))
        try event.setExtension("x", to: nil)
        #expect(event.extensions.isEmpty)
    }

    @Test("Every attribute is found by its name (C1, C7, C11)")
    func attributes() throws {
        let event = try CloudEvent(
            id: "1",
            source: "/s",
            type: "t",
            subject: "u",
            time: Timestamp(secondsSince1970: 0),
            dataContentType: "a/b",
            dataSchema: "a:b",
            extensions: ["x": true]
        )
        let texts = event.attributeNames.map { "\($0)=\(event[$0]?.canonicalString ?? "?")" }
        #expect(
            texts == [
                "specversion=1.0", "id=1", "source=/s", "type=t", "subject=u", "time=1970-01-01T00:00:00Z",
                "datacontenttype=a/b", "dataschema=a:b", "x=true",
            ]
        )
        #expect(event["y"] == nil)
    }

    @Test("Extensions keep their order and compare without it (C11)")
    func extensions() {
        var forward = ExtensionAttributes()
        var backward = ExtensionAttributes()
        let names: [AttributeName] = ["a", "b", "c", "d"]
        for (index, name) in names.enumerated() { forward[name] = .integer(Int32(index)) }
        for (index, name) in names.enumerated().reversed() { backward[name] = .integer(Int32(index)) }
        #expect(forward == backward && forward.hashValue == backward.hashValue)
        #expect(forward.map(\.name) == names)
        backward["a"] = 5
        #expect(forward != backward)
        backward["a"] = nil
        #expect(backward.count == 3 && backward["a"] == nil)
    }

    @Test("Payloads are what their kind says (C12)")
    func payloads() throws {
        #expect(try EventData.json(" [1.50, 2] ").text == "[1.50, 2]")
        expectError(.malformed) { try EventData.json("1 2") }
        expectError(.malformed) { try EventData.json("") }
        expectError(.invalidData) { try EventData.text(utf8: SharedBytes([0xFF])) }
        #expect(try EventData.text(utf8: SharedBytes([0xC3, 0xA9])) == .text("é"))
        #expect(EventData.binary([0xFF]).text == nil)
        #expect(EventData.absent.text == nil && EventData.absent.isAbsent)
    }

    @Test("No description shows the payload")
    func descriptions() throws {
        let event = try CloudEvent(id: "1", source: "/s", type: "t", data: .text("secret"))
        #expect(event.description == "CloudEvent(id: 1, source: /s, type: t, data: text, 6 bytes)")
    }

    @Test("Strings of another code are not equal, though Unicode calls them equivalent (T3)")
    func equivalentStrings() throws {
        let (composed, decomposed) = ("caf\u{E9}", "cafe\u{301}")
        #expect(composed == decomposed)
        #expect(AttributeValue.string(composed) != .string(decomposed))
        let left = try CloudEvent(id: "1", source: "/s", type: "t", extensions: ["x": .string(composed)])
        let right = try CloudEvent(id: "1", source: "/s", type: "t", extensions: ["x": .string(decomposed)])
        #expect(left != right)
        #expect(
            try CloudEvent(id: composed, source: "/s", type: "t") != CloudEvent(id: decomposed, source: "/s", type: "t")
        )
    }
}
