// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import Testing

struct MQTTBindingTests {
    let binding = MQTT5Binding()

    private static let json = SharedBytes(utf8: #"{"specversion":"1.0","id":"1","source":"/s","type":"t"}"#)

    private func message(
        _ further: [(String, String)] = [],
        contentType: String? = nil,
        payload: SharedBytes? = nil
    ) -> MQTTMessage {
        let required = [("specversion", "1.0"), ("id", "1"), ("source", "/s"), ("type", "t")]
        return MQTTMessage(
            contentType: contentType,
            userProperties: (required + further).map { MessageHeader($0.0, $0.1) },
            payload: payload
        )
    }

    @Test("Version 3.1.1 has JSON only (Q1)")
    func version3() throws {
        let binding = MQTT3Binding(extensionTypes: ["x": .uri])
        let event = try CloudEvent(id: "1", source: "/s", type: "t", extensions: ["x": .uri("a:b")])
        #expect(try binding.decode(try binding.encode(event)) == event)
        #expect(try MQTT3Binding().encode(MQTT3Binding().decode(Self.json)) == Self.json)
        expectError(.malformed) { try binding.decode(SharedBytes()) }
        var limits = CodecLimits()
        limits.eventBytes = 3
        expectError(.limitExceeded) { try MQTT3Binding(limits: limits).decode(Self.json) }
    }

    @Test("The Content Type is the mode (Q2)")
    func modes() {
        #expect(binding.contentMode(of: message()) == .binary)
        #expect(binding.contentMode(of: message(contentType: "Application/CloudEvents+x")) == .structured)
        let batch = message(contentType: "application/cloudevents-batch+json", payload: SharedBytes(utf8: "[]"))
        #expect(binding.contentMode(of: batch) == .batched)
        expectError(.unsupportedFormat, rule: "Q2") { try binding.decode(batch) }
        let plain = MQTTMessage(contentType: nil, userProperties: [MessageHeader("id", "1")], payload: nil)
        #expect(binding.contentMode(of: plain) == nil)
        expectError(.missingAttribute, rule: "C1", attribute: "specversion") { try binding.decode(plain) }
    }

    @Test("User properties have the names of attributes and are not percent-encoded (Q3)")
    func properties() throws {
        let event = try binding.decode(message([("subject", "a%20\"b\" é"), ("x1", "true")]))
        #expect(event.subject == "a%20\"b\" é")
        #expect(event["x1"] == "true")
        let names = try binding.encode(event).userProperties.map(\.name)
        #expect(names == ["specversion", "id", "source", "type", "subject", "x1"])
        expectError(.invalidValue, rule: "T7", attribute: "time") { try binding.decode(message([("time", "now")])) }
    }

    @Test(
        "A name that no attribute can have is the application's and passed over (C13, C17)",
        arguments: ["Id", "x-y", "ce_id", "", "data", "é", "\u{212A}ey", "a b"]
    )
    func foreignNames(name: String) throws {
        let event = try binding.decode(message([(name, "\u{1}"), (name, "2")]))
        #expect(event.extensions.isEmpty)
    }

    @Test("An attribute that is there twice is refused (C3)")
    func duplicates() {
        expectError(.duplicate, rule: "C3", attribute: "x") { try binding.decode(message([("x", "1"), ("x", "1")])) }
    }

    @Test("A copy of the Content Type is accepted where it is the same (Q3)")
    func contentType() throws {
        let copy = [("datacontenttype", "text/plain")]
        let event = try binding.decode(message(copy, contentType: "text/plain", payload: SharedBytes(utf8: "a")))
        #expect(event.dataContentType == "text/plain")
        #expect(event.data == .text("a"))
        expectError(.duplicate, attribute: "datacontenttype") {
            try binding.decode(message(copy, contentType: "text/html"))
        }
        expectError(.duplicate, attribute: "datacontenttype") { try binding.decode(message(copy)) }
        let written = try binding.encode(event)
        #expect(written.contentType == "text/plain")
        #expect(!written.userProperties.contains { $0.name == "datacontenttype" })
    }

    @Test("The Payload Format Indicator is set for text and held against the payload (Q3)")
    func payloads() throws {
        let kinds: [(EventData, Bool?)] = [
            (.absent, nil), (.binary([1]), nil), (.text("a"), true), (try .json("1"), true),
        ]
        for (data, flag) in kinds {
            let event = try CloudEvent(id: "1", source: "/s", type: "t", data: data)
            #expect(try binding.encode(event).isPayloadUTF8 == flag)
        }
        var message = message(payload: SharedBytes([0xFF]))
        #expect(throws: Never.self) { try binding.decode(message) }
        message.isPayloadUTF8 = false
        #expect(throws: Never.self) { try binding.decode(message) }
        message.isPayloadUTF8 = true
        expectError(.invalidData) { try binding.decode(message) }
        message.payload = SharedBytes()
        #expect(try binding.decode(message).data.isAbsent)
    }

    @Test("An attribute that no property can hold is refused when writing (Q3)")
    func longAttributes() throws {
        let fits = try CloudEvent(id: String(repeating: "x", count: 65_535), source: "/s", type: "t")
        #expect(throws: Never.self) { try binding.encode(fits) }
        let long = try CloudEvent(id: String(repeating: "x", count: 65_536), source: "/s", type: "t")
        expectError(.notRepresentable, rule: "Q3", attribute: "id") { try binding.encode(long) }
        #expect(throws: Never.self) { try binding.encode(long, as: .structured()) }
    }

    @Test("Structured mode names its format (Q4)")
    func structuredMode() throws {
        let event = try binding.decode(message())
        let written = try binding.encode(event, as: .structured())
        #expect(written.contentType == "application/cloudevents+json")
        #expect(written.isPayloadUTF8 == true)
        #expect(written.payload == Self.json)
        #expect(try binding.decode(written) == event)
        let unknown = MQTTMessage(contentType: "application/cloudevents+x", userProperties: [], payload: Self.json)
        expectError(.unsupportedFormat, rule: "Q4") { try binding.decode(unknown) }
        let empty = MQTTMessage(contentType: "application/cloudevents+json", userProperties: [], payload: nil)
        expectError(.malformed, rule: "Q4") { try binding.decode(empty) }
    }

    @Test("No description shows a value")
    func descriptions() {
        let message = message([("Token", "secret")], payload: SharedBytes(utf8: "secret"))
        #expect(!"\(message) \(message.userProperties)".contains("secret"))
    }
}
