// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import Testing

struct KafkaBindingTests {
    let binding = KafkaBinding()

    private func message(_ further: [KafkaHeader] = [], value: SharedBytes? = nil) -> KafkaMessage {
        let required = [("ce_specversion", "1.0"), ("ce_id", "1"), ("ce_source", "/s"), ("ce_type", "t")]
        return KafkaMessage(value: value, headers: required.map { KafkaHeader($0.0, $0.1) } + further)
    }

    private static let json = SharedBytes(utf8: #"{"specversion":"1.0","id":"1","source":"/s","type":"t"}"#)

    @Test("The header content-type is the mode (K1)")
    func modes() {
        #expect(binding.contentMode(of: message()) == .binary)
        #expect(binding.contentMode(of: message([KafkaHeader("content-type", "text/plain")])) == .binary)
        let structured = KafkaMessage(
            value: Self.json,
            headers: [KafkaHeader("content-type", "Application/CloudEvents")]
        )
        #expect(binding.contentMode(of: structured) == .structured)
        let plain = KafkaMessage(value: nil, headers: [KafkaHeader("content-type", "a/b"), KafkaHeader("CE_id", "1")])
        #expect(binding.contentMode(of: plain) == nil)
        expectError(.missingAttribute, rule: "C1") { try binding.decode(plain) }
    }

    @Test("There are no batches (K1)")
    func batches() {
        let headers = [KafkaHeader("content-type", "application/cloudevents-batch+json")]
        let batch = KafkaMessage(value: SharedBytes(utf8: "[]"), headers: headers)
        #expect(binding.contentMode(of: batch) == .batched)
        expectError(.unsupportedFormat, rule: "K1") { try binding.decode(batch) }
    }

    @Test("A null value is absent data, an empty one an empty payload, both ways (K2)")
    func values() throws {
        let tombstone = try binding.decode(message())
        #expect(tombstone.data.isAbsent)
        #expect(try binding.encode(tombstone).value == nil)
        let empty = try binding.decode(message(value: SharedBytes()))
        #expect(empty.data == .binary([]))
        #expect(try binding.encode(empty).value == SharedBytes())
        let json = [KafkaHeader("content-type", "application/json")]
        #expect(try binding.decode(message(json, value: SharedBytes(utf8: " 1"))).data.kind == .json)
    }

    @Test("Headers are UTF-8 and not percent-encoded (K2)")
    func headers() throws {
        let event = try binding.decode(message([KafkaHeader("ce_subject", "\"a%20b\" é")]))
        #expect(event.subject == "\"a%20b\" é")
        #expect(try binding.encode(event).headers.contains(KafkaHeader("ce_subject", "\"a%20b\" é")))
        let bytes = KafkaHeader(key: "ce_x", value: SharedBytes([0xC3]))
        expectError(.invalidValue, rule: "K2", attribute: "x") { try binding.decode(message([bytes])) }
        let null = KafkaHeader(key: "ce_x", value: nil)
        expectError(.invalidValue, rule: "K2", attribute: "x") { try binding.decode(message([null])) }
        let type = KafkaHeader(key: "content-type", value: nil)
        expectError(.invalidValue, rule: "K2", attribute: "datacontenttype") { try binding.decode(message([type])) }
        let foreign = KafkaHeader(key: "trace", value: SharedBytes([0xFF]))
        #expect(throws: Never.self) { try binding.decode(message([foreign, KafkaHeader(key: "a", value: nil)])) }
    }

    @Test(
        "A name behind ce_ that no attribute can have is refused; Kafka's names have a case (C13, K2)",
        arguments: ["ce_", "ce_Id", "ce_a-b", "ce_data", "ce_é"]
    )
    func wrongNames(name: String) {
        expectError(.invalidName, rule: "C13") { try binding.decode(message([KafkaHeader(name, "v")])) }
    }

    @Test("What is there twice is refused (C3, K1)")
    func duplicates() {
        expectError(.duplicate, rule: "C3", attribute: "id") {
            try binding.decode(message([KafkaHeader("ce_id", "1")]))
        }
        let types = [KafkaHeader("content-type", "a/b"), KafkaHeader("content-type", "a/b")]
        expectError(.duplicate, rule: "K1", attribute: "content-type") { try binding.decode(message(types)) }
    }

    @Test("The content type is the header content-type; a copy of it has to be the same (K2)")
    func contentType() throws {
        let copy = KafkaHeader("ce_datacontenttype", "text/plain")
        #expect(
            try binding.decode(message([copy, KafkaHeader("content-type", "text/plain")])).dataContentType
                == "text/plain"
        )
        expectError(.duplicate, rule: "C3") {
            try binding.decode(message([copy, KafkaHeader("content-type", "text/html")]))
        }
        expectError(.duplicate, rule: "C3") { try binding.decode(message([copy])) }
    }

    @Test("The key is the caller's unless a mapper gives one; no mapper changes the event (K3, E2)")
    func keys() throws {
        let own = SharedBytes(utf8: "own")
        var event = try CloudEvent(id: "1", source: "/s", type: "t")
        let mapping = KafkaBinding(keyMapper: .partitionKey)
        #expect(try binding.encode(event).key == nil)
        #expect(try binding.encode(event, key: own).key == own)
        #expect(try mapping.encode(event, key: own).key == own)
        try event.setExtension("partitionkey", to: "")
        #expect(try mapping.encode(event).key == nil)
        try event.setExtension("partitionkey", to: "é")
        #expect(try binding.encode(event, key: own).key == own)
        for mode in [MessageMode.binary, .structured()] {
            let message = try mapping.encode(event, as: mode, key: own)
            #expect(message.key == SharedBytes(utf8: "é"))
            #expect(try mapping.decode(message) == event)
        }
        let custom = KafkaBinding(keyMapper: .custom { SharedBytes(utf8: $0.type) })
        #expect(try custom.encode(event).key == SharedBytes(utf8: "t"))
        var keyed = message()
        keyed.key = own
        #expect(try mapping.decode(keyed).extensions.isEmpty)
    }

    @Test("Structured mode names its format, and its value is never null (K4, K5)")
    func structuredMode() throws {
        let event = try binding.decode(message())
        let written = try binding.encode(event, as: .structured())
        #expect(written.headers == [KafkaHeader("content-type", "application/cloudevents+json")])
        #expect(written.value == Self.json)
        var null = written
        null.value = nil
        expectError(.malformed, rule: "K4") { try binding.decode(null) }
        let unknown = KafkaMessage(
            value: Self.json,
            headers: [KafkaHeader("content-type", "application/cloudevents+x")]
        )
        expectError(.unsupportedFormat, rule: "K4") { try binding.decode(unknown) }
        // What a broker of version 0.10 keeps of the record is the event in its format.
        #expect(try JSONEventFormat().decode(written.value ?? SharedBytes()) == event)
    }

    @Test("No description shows a value")
    func descriptions() {
        let message = message([KafkaHeader("token", "secret")], value: SharedBytes(utf8: "secret"))
        #expect(!"\(message) \(message.headers)".contains("secret"))
    }
}
