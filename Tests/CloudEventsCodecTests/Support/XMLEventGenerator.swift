// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import EventTestSupport

/// Makes valid events whose extensions have all seven types, with what becomes of them in XML.
struct XMLEventGenerator {
    var events: EventGenerator

    init(seed: UInt64) {
        events = EventGenerator(seed: seed)
    }

    /// An event, and the same event as it is read again.
    mutating func pair() throws -> (event: CloudEvent, expected: CloudEvent) {
        let (contentType, data, expectedType, expectedData) = try data()
        var event = try CloudEvent(
            id: text(),
            source: URIReference(events.pick(["/s", "https://example.com/a?b=1&c#d'", "urn:x:1", "#f", "//h:80"])),
            type: text(),
            subject: events.random.chance(50) ? text() : nil,
            time: events.random.chance(50) ? events.timestamp() : nil,
            dataContentType: contentType,
            dataSchema: events.random.chance(20) ? URI("https://example.com/schema?v=1&w='2'") : nil,
            data: data
        )
        for _ in 0..<events.random.below(events.random.chance(5) ? 40 : 8) {
            try event.setExtension(AttributeName("x" + String(events.random.below(1000))), to: value())
        }
        var expected = event
        try expected.setDataContentType(expectedType)
        expected.data = expectedData
        return (event, expected)
    }

    private mutating func value() throws -> AttributeValue {
        switch events.random.below(7) {
        case 0: .boolean(events.random.chance(50))
        case 1: .integer(Int32(truncatingIfNeeded: events.random.next()))
        case 2: .string(events.random.chance(10) ? "" : text())
        case 3: .binary(SharedBytes(events.bytes()))
        case 4: .uri(try URI(events.pick(["urn:a", "https://example.com/?a=1&b='2'", "a://[::1]:80/%3C"])))
        case 5: .uriReference(try URIReference(events.pick(["", "a", "?a&b", "//h/p#f", "../x;y='1'"])))
        default: .timestamp(try events.timestamp())
        }
    }

    private mutating func text() -> String {
        (0...events.random.below(2)).map { _ in
            events.pick([events.text(), " ", "  x ", "<a>", "&amp;", "]]>", "'\"", "\u{2028}"])
        }.joined()
    }

    private mutating func data() throws -> (String?, EventData, String?, EventData) {
        switch events.random.below(6) {
        case 0:
            let contentType = events.pick([nil, "text/plain", "application/xml"])
            return (contentType, .absent, contentType, .absent)
        case 1:
            let contentType = events.pick([nil, "application/json", "image/png", "text/plain"])
            let data = EventData.binary(events.bytes())
            return (contentType, data, contentType, data)
        case 2:
            let data = EventData.text(text() + events.pick(["", "\r\n\t", "]]>", "\u{7F}\u{85}"]))
            return ("text/plain; charset=utf-8", data, "text/plain; charset=utf-8", data)
        case 3:
            let text = text() + events.pick(["\u{0}", "\u{1B}", "\u{FFFE}"])
            return ("text/plain", .text(text), "text/plain", .binary(SharedBytes(utf8: text)))
        case 4:
            let json = TestJSON.string(text())
            let contentType = events.pick([nil, "application/json", "text/x+JSON;v=1"])
            return (
                contentType, try .json(json.bytes), contentType ?? "application/json",
                .text(String(decodingUTF8: json.bytes))
            )
        default:
            let contentType = events.pick(["application/xml", "text/xml; charset=utf-8", "application/soap+XML"])
            let element = element(depth: 0)
            let text =
                events.pick(["", "<?xml version=\"1.0\"?>", "\u{FEFF}"]) + element + events.pick(["", " ", "\r\n"])
            let data = events.random.chance(50) ? EventData.text(text) : .binary(SharedBytes(utf8: text))
            return (contentType, data, contentType, .text(element))
        }
    }

    /// An XML element that declares what it uses.
    mutating func element(depth: Int) -> String {
        let name = events.pick(["a", "b-1", "é", "p:c"])
        let declaration = name.hasPrefix("p:") ? " xmlns:p='urn:p'" : events.pick(["", " xmlns='u'", "\n xmlns=\"\" "])
        let attributes = events.pick(["", " x='1'", " x = \"&lt;\n\"", " xml:lang='en'", " x='' y='>'"])
        if events.random.chance(20) { return "<\(name)\(declaration)\(attributes)/>" }
        var content = ""
        for _ in 0..<events.random.below(depth > 4 ? 1 : 4) {
            content +=
                events.random.chance(50)
                ? element(depth: depth + 1)
                : events.pick(["text", "&amp;&#13;", "<!-- c -->", "<![CDATA[<]]>", "\r\n ", "<?p d?>"])
        }
        return "<\(name)\(declaration)\(attributes)>\(content)</\(name)>"
    }
}
