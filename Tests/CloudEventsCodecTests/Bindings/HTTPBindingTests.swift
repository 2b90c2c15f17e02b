// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import Testing

struct HTTPBindingTests {
    let binding = HTTPBinding()

    /// A message in binary mode with the required attributes and what else is given.
    private func message(_ further: [(String, String)] = [], body: String? = nil) -> HTTPMessage {
        let required = [("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "/s"), ("ce-type", "t")]
        return HTTPMessage(
            headers: (required + further).map { MessageHeader($0.0, $0.1) },
            body: body.map { SharedBytes(utf8: $0) }
        )
    }

    private static let json = #"{"specversion":"1.0","id":"1","source":"/s","type":"t"}"#

    private func structured(_ contentType: String, _ body: String = json) -> HTTPMessage {
        HTTPMessage(headers: [MessageHeader("Content-Type", contentType)], body: SharedBytes(utf8: body))
    }

    @Test(
        "The beginning of the content type is the mode, whatever its case (H1)",
        arguments: [
            ("application/cloudevents+json", ContentMode.structured), ("APPLICATION/CloudEvents", .structured),
            ("application/cloudevents-batch+xml;a=b", .batched), (" application/cloudevents-BATCH", .batched),
            ("application/cloudevent", .binary), ("text/plain", .binary), ("", .binary),
        ]
    )
    func modes(contentType: String, mode: ContentMode) {
        let message = message([("CONTENT-type", contentType)])
        #expect(binding.contentMode(of: message) == mode)
    }

    @Test("Without a content type of CloudEvents and without ce- headers, a message is no event (H12)")
    func noEvent() {
        let plain = HTTPMessage(headers: [MessageHeader("Content-Type", "text/plain"), MessageHeader("cex", "1")])
        #expect(binding.contentMode(of: plain) == nil)
        expectError(.missingAttribute, rule: "H12") { try binding.decode(plain) }
        expectError(.missingAttribute, rule: "H12") { try binding.decode(HTTPMessage(headers: [])) }
        let marked = HTTPMessage(headers: [MessageHeader("CE-Id", "1")])
        #expect(binding.contentMode(of: marked) == .binary)
        expectError(.missingAttribute, rule: "C1", attribute: "specversion") { try binding.decode(marked) }
    }

    @Test("Names of headers are compared without their case, ASCII letters only (H6, C13)")
    func headerNames() throws {
        let event = try binding.decode(message([("CE-Subject", "s"), ("cE-eXT1", "v"), ("X-ce-id", "2")]))
        #expect(event.subject == "s")
        #expect(event["ext1"] == "v")
        expectError(.invalidName, rule: "C13") { try binding.decode(message([("ce-\u{212A}ey", "v")])) }
    }

    @Test(
        "A ce- header whose name no attribute can have is refused by its name (C13)",
        arguments: ["ce-", "ce-my_ext", "ce-a-b", "ce-é", "ce-data", "CE-DATA", "ce- id", "ce-id "]
    )
    func wrongNames(name: String) {
        expectError(.invalidName, rule: "C13") { try binding.decode(message([(name, "v")])) }
    }

    @Test("An attribute that is there twice is refused, the same value or not (C3)")
    func duplicates() {
        expectError(.duplicate, rule: "C3", attribute: "id") { try binding.decode(message([("ce-id", "1")])) }
        expectError(.duplicate, rule: "C3", attribute: "x") {
            try binding.decode(message([("ce-x", "1"), ("CE-X", "2")]))
        }
    }

    @Test("Several content types are refused in every mode (H5)")
    func severalContentTypes() {
        let types = [("content-type", "text/plain"), ("Content-Type", "text/plain")]
        expectError(.duplicate, rule: "H5", attribute: "content-type") { try binding.decode(message(types)) }
        var batch = structured("application/cloudevents-batch+json", "[]")
        batch.headers += batch.headers
        expectError(.duplicate) { try binding.decodeBatch(batch) }
    }

    @Test("The content type is the header content-type, never ce-datacontenttype (H5)")
    func contentType() throws {
        let event = try binding.decode(message([("content-TYPE", " text/plain;charset=utf-8\t")], body: "a"))
        #expect(event.dataContentType == "text/plain;charset=utf-8")
        #expect(event.data == .text("a"))
        expectError(.invalidName, rule: "H5", attribute: "datacontenttype") {
            try binding.decode(message([("ce-datacontenttype", "text/plain"), ("content-type", "text/plain")]))
        }
        expectError(.invalidValue, rule: "C7", attribute: "datacontenttype") {
            try binding.decode(message([("content-type", "text")], body: "a"))
        }
        let written = try binding.encode(event)
        #expect(written.headers.map(\.name) == ["ce-specversion", "ce-id", "ce-source", "ce-type", "content-type"])
    }

    @Test("The body is the data, byte by byte; an empty one is none (H5, C9)")
    func body() throws {
        let contentType = [("content-type", "application/json")]
        #expect(try binding.decode(message(contentType, body: " {} ")).data.text == " {} ")
        #expect(try binding.decode(message(contentType, body: "{")).data == .binary(Array("{".utf8)))
        for message in [message(contentType), message(contentType, body: "")] {
            let event = try binding.decode(message)
            #expect(event.data.isAbsent)
            #expect(event.dataContentType == "application/json")
        }
        #expect(try binding.decode(message(body: "{}")).data.kind == .binary)
    }

    static let charsets: [(String, EventData.Kind)] = [
        ("text/plain", .text), ("text/plain;", .text), ("text/plain; charset=utf-8", .text),
        ("text/plain;format=flowed;CharSet=\"UTF-8\"", .text), ("TEXT/CSV; charset=US-ASCII", .text),
        ("text/plain; charset=\"us\\-ascii\"", .text), ("text/plain; x=\"a;charset=utf-16\"", .text),
        ("text/plain; xcharset=utf-16", .text), ("text/plain;charset=UTF8", .text),
        ("text/plain; charset=iso-8859-1", .binary),
        ("text/plain; charset=utf-16le", .binary), ("text/html; a=b; CHARSET = \"UTF-16\"", .binary),
        ("text/plain; charset=utf-8; charset=utf-16", .binary), ("text/plain; charset=utf-80", .binary),
    ]

    @Test("Text in a charset other than UTF-8 is bytes, whatever the bytes are (J7)", arguments: charsets)
    func charset(contentType: String, kind: EventData.Kind) throws {
        let careful = HTTPBinding(extensionTypes: ["unseen": .string])
        for body in [[0x48, 0, 0x69, 0], [0xC3, 0xA9]] as [[UInt8]] {
            var message = message([("content-type", contentType)])
            message.body = SharedBytes(body)
            for event in [try binding.decode(message), try careful.decode(message)] {
                #expect(event.data.kind == kind)
                #expect(Array(event.data.bytes) == body)
                let json = String(decodingUTF8: try JSONEventFormat().encode(event))
                #expect(json.contains("data_base64") == (kind == .binary))
            }
            #expect(EventData(received: SharedBytes(body), contentType: contentType).kind == kind)
        }
    }

    @Test("The values of attributes are decoded and checked, errors name the header (H8, C7, T3, T7)")
    func values() throws {
        #expect(try binding.decode(message([("ce-subject", " \t%20a%20\t ")])).subject == " a ")
        let hostile = [
            ("ce-subject", "", "C7"), ("ce-time", "now", "T7"), ("ce-dataschema", "a", "T5"), ("ce-x", "%00", "T3"),
            ("ce-x", "a\u{7F}", "T3"), ("ce-x", "%FF", "H8"),
        ]
        for (name, value, rule) in hostile {
            do {
                _ = try binding.decode(message([(name, value)]))
                Issue.record("\(name) was not refused")
            } catch {
                #expect(error.rule == rule)
                #expect(error.message.contains("(header \(name))"), "\(error)")
            }
        }
    }

    @Test("Structured mode: the body counts, repeated attributes in headers do not (H10, H2)")
    func structuredMode() throws {
        var message = structured("application/cloudevents+json; charset=UTF-8")
        message.headers += [MessageHeader("ce-id", "other"), MessageHeader("ce-id", "2"), MessageHeader("ce-_", "%")]
        let event = try binding.decode(message)
        #expect(event.id == "1")
        let written = try binding.encode(event, as: .structured())
        #expect(written.headers == [MessageHeader("content-type", "application/cloudevents+json")])
        #expect(written.body == SharedBytes(utf8: Self.json))
        expectError(.malformed) { try binding.decode(structured("application/cloudevents+json", "")) }
        expectError(.malformed) { try binding.decode(structured("application/cloudevents+json", "{")) }
    }

    @Test(
        "A format that is not known is refused in a way that can be told (H4)",
        arguments: [
            "application/cloudevents+test", "application/cloudevents", "application/cloudevents+json+x",
            "application/cloudeventstrailing", "application/cloudevents+json;", "application/cloudevents+json x",
        ]
    )
    func unknownFormat(contentType: String) {
        if contentType.hasSuffix(";") {
            #expect(throws: Never.self) { try binding.decode(structured(contentType)) }
        } else {
            expectError(.unsupportedFormat, rule: "H4") { try binding.decode(structured(contentType)) }
        }
    }

    @Test("Formats are found by content type (H4, SDK6)")
    func furtherFormats() throws {
        let binding = HTTPBinding(formats: EventFormats([TestFormat()]))
        #expect(try binding.decode(structured("Application/CloudEvents+TEST; a=b")).id == "1")
        expectError(.unsupportedFormat) { try binding.decode(structured("application/cloudevents+json")) }
        expectError(.unsupportedFormat) { try binding.decodeBatch(structured("application/cloudevents-batch+json")) }
        let event = try binding.decode(structured("application/cloudevents+test"))
        let written = try binding.encode(event, as: .structured(TestFormat()))
        #expect(written.headers.first?.value == "application/cloudevents+test")
        expectError(.notRepresentable) { try binding.encodeBatch([event], as: TestFormat()) }
        #expect(MessageMode.binary.contentMode == .binary)
        #expect(MessageMode.structured(TestFormat()).contentMode == .structured)
    }

    @Test("A batch is read as a batch only, and a single event is none (H1, H3)")
    func batches() throws {
        let batch = structured("application/cloudevents-batch+json", "[\(Self.json),\(Self.json)]")
        #expect(try binding.decodeBatch(batch).map(\.id) == ["1", "1"])
        expectError(.unsupportedFormat, rule: "H1") { try binding.decode(batch) }
        expectError(.unsupportedFormat, rule: "H1") { try binding.decodeBatch(message()) }
        expectError(.unsupportedFormat, rule: "H1") {
            try binding.decodeBatch(structured("application/cloudevents+json"))
        }
        expectError(.malformed) { try binding.decodeBatch(structured("application/cloudevents-batch+json", "")) }
        #expect(try binding.encodeBatch([]).body == SharedBytes(utf8: "[]"))
    }

    @Test("A response is read as a request is (H11)")
    func responses() throws {
        let headers = [("Date", "Sun, 06 Nov 1994 08:49:37 GMT"), ("Content-Length", "2"), ("Server", "\u{1}")]
        #expect(try binding.decode(message(headers, body: "{}")).data.bytes.count == 2)
    }

    @Test("The limits hold in every mode (C16)")
    func limits() throws {
        var binding = HTTPBinding()
        binding.limits.attributes = 5
        #expect(throws: Never.self) { try binding.decode(message([("ce-a", "1")])) }
        expectError(.limitExceeded) { try binding.decode(message([("ce-a", "1"), ("ce-b", "1")])) }
        // Names and values of the four attributes are 30 bytes.
        binding.limits.eventBytes = 30
        #expect(throws: Never.self) { try binding.decode(message()) }
        expectError(.limitExceeded) { try binding.decode(message(body: "a")) }
        binding.limits.eventBytes = 29
        expectError(.limitExceeded) { try binding.decode(message()) }
        expectError(.limitExceeded) { try binding.decode(structured("application/cloudevents+json")) }
        let batch = structured("application/cloudevents-batch+json", "[\(Self.json)]")
        binding.limits.batchBytes = 3
        expectError(.limitExceeded) { try binding.decodeBatch(batch) }
        binding.limits.batchBytes = 1000
        binding.limits.batchEvents = 0
        expectError(.limitExceeded) { try binding.decodeBatch(batch) }
        let large = String(repeating: "x", count: 64 << 10)
        #expect(try HTTPBinding().decode(message(body: large)).data.bytes.count == 64 << 10)
    }

    @Test("Very many headers cost no more than their number (C3)")
    func manyHeaders() throws {
        var binding = HTTPBinding()
        binding.limits.attributes = 100_000
        let headers = (0..<50_000).map { ("ce-x\($0)", "v") }
        #expect(try binding.decode(message(headers)).extensions.count == 50_000)
        expectError(.duplicate) { try binding.decode(message(headers + [("ce-x500", "v")])) }
        expectError(.limitExceeded) { try HTTPBinding().decode(message(headers)) }
    }

    @Test("No description shows a value")
    func descriptions() {
        let message = message([("authorization", "secret")], body: "secret")
        #expect(!"\(message) \(message.headers)".contains("secret"))
    }
}
