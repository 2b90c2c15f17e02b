// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import Testing

struct NATSBindingTests {
    let binding = NATSBinding()

    private static let json = SharedBytes(utf8: #"{"specversion":"1.0","id":"1","source":"/s","type":"t"}"#)

    private func message(_ further: [(String, String)] = [], payload: SharedBytes? = nil) -> NATSMessage {
        let required = [("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "/s"), ("ce-type", "t")]
        return NATSMessage(headers: (required + further).map { MessageHeader($0.0, $0.1) }, payload: payload)
    }

    @Test("A message without headers is structured JSON, as older servers have it (N1)")
    func withoutHeaders() throws {
        let bare = NATSMessage(payload: Self.json)
        #expect(binding.contentMode(of: bare) == .structured)
        #expect(try binding.decode(bare).id == "1")
        let foreign = NATSMessage(headers: [MessageHeader("Nats-Msg-Id", "7")], payload: Self.json)
        #expect(try binding.decode(foreign).id == "1")
        expectError(.malformed) { try binding.decode(NATSMessage(payload: SharedBytes(utf8: "hello"))) }
        expectError(.malformed) { try binding.decode(NATSMessage(payload: nil)) }
    }

    @Test("Binary mode: ce- headers in any case, the data's content type among them (N2)")
    func binaryMode() throws {
        let further = [("CE-DataContentType", "application/json"), ("content-type", "text/plain"), ("ce-x", "%C3%A9")]
        let message = message(further, payload: SharedBytes(utf8: "1"))
        #expect(binding.contentMode(of: message) == .binary)
        let event = try binding.decode(message)
        #expect(event.dataContentType == "application/json")
        #expect(event.data.kind == .json)
        #expect(event["x"] == "é")
        let written = try binding.encode(event)
        #expect(written.headers.contains(MessageHeader("ce-datacontenttype", "application/json")))
        #expect(!written.headers.contains { $0.name == "content-type" })
        #expect(written.headers.contains(MessageHeader("ce-x", "%C3%A9")))
    }

    @Test("A content type may have parameters with quotes and spaces (N2)")
    func quotedContentType() throws {
        let event = try CloudEvent(id: "1", source: "/s", type: "t", dataContentType: "text/plain; a=\"b %20\"")
        #expect(try binding.decode(try binding.encode(event)) == event)
    }

    @Test("Errors are those of HTTP: encoding, names, duplicates (N2, H8, C3, C13)")
    func refusals() {
        expectError(.invalidValue, rule: "H8", attribute: "x") { try binding.decode(message([("ce-x", "%C0%A0")])) }
        expectError(.duplicate, rule: "C3") { try binding.decode(message([("CE-ID", "1")])) }
        expectError(.invalidName, rule: "C13") { try binding.decode(message([("ce-a_b", "1")])) }
        expectError(.duplicate, rule: "N3", attribute: "content-type") {
            try binding.decode(message([("content-type", "a/b"), ("Content-Type", "a/b")]))
        }
    }

    @Test("A content type of CloudEvents is structured mode, JSON where it names no format (N3)")
    func structuredMode() throws {
        for contentType in ["application/cloudevents", "Application/CloudEvents; a=b", "application/cloudevents+json"] {
            let headers = [MessageHeader("Content-Type", contentType), MessageHeader("ce-id", "2")]
            let message = NATSMessage(headers: headers, payload: Self.json)
            #expect(binding.contentMode(of: message) == .structured)
            #expect(try binding.decode(message).id == "1")
        }
        let unknown = NATSMessage(
            headers: [MessageHeader("content-type", "application/cloudevents+x")],
            payload: Self.json
        )
        expectError(.unsupportedFormat, rule: "N3") { try binding.decode(unknown) }
        let event = try binding.decode(message())
        let written = try binding.encode(event, as: .structured())
        #expect(written.headers == [MessageHeader("content-type", "application/cloudevents+json")])
        #expect(written.payload == Self.json)
    }

    @Test("Another content type without ce- headers is no event, and there are no batches (N2, N3)")
    func others() {
        let plain = NATSMessage(headers: [MessageHeader("content-type", "text/plain")], payload: Self.json)
        #expect(binding.contentMode(of: plain) == nil)
        expectError(.missingAttribute, rule: "N2") { try binding.decode(plain) }
        let headers = [MessageHeader("content-type", "application/cloudevents-batch+json")]
        expectError(.unsupportedFormat, rule: "N3") {
            try binding.decode(NATSMessage(headers: headers, payload: SharedBytes(utf8: "[]")))
        }
    }

    @Test("No description shows a value")
    func descriptions() {
        #expect(!"\(message([("token", "secret")], payload: SharedBytes(utf8: "secret")))".contains("secret"))
    }
}
