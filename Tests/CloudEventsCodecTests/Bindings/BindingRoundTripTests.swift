// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import EventTestSupport
import Testing

/// What a binding writes it reads again, whatever the event.
struct BindingRoundTripTests {
    static let seeds = 0..<8 as Range<UInt64>

    private func events(_ seed: UInt64) throws -> [CloudEvent] {
        var generator = EventGenerator(seed: seed)
        return try (0..<60).map { _ in try generator.typedEvent() }
    }

    @Test("HTTP: binary and structured mode, batches (H2, H5, H6, H7, H8, H10, C14)", arguments: seeds)
    func http(seed: UInt64) throws {
        for event in try events(seed) {
            let binding = HTTPBinding(extensionTypes: event.extensionTypes)
            let message = try binding.encode(event)
            let again = try binding.decode(message)
            #expect(try again == event.received())
            #expect(again.time?.description == event.time?.description)
            #expect(try binding.encode(again) == message || event.data.bytes.isEmpty)
            #expect(
                message.headers.allSatisfy { header in
                    header.value.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } || header.name == "content-type"
                }
            )
            #expect(try binding.decode(try binding.encode(event, as: .structured())) == event)
            let batch = try binding.encodeBatch([event, event])
            #expect(try binding.decodeBatch(batch) == [event, event])
        }
    }

    @Test("Kafka: binary and structured mode (K1, K2, K4, C14)", arguments: seeds)
    func kafka(seed: UInt64) throws {
        for event in try events(seed) {
            let binding = KafkaBinding(extensionTypes: event.extensionTypes)
            #expect(try binding.decode(try binding.encode(event)) == event.received(emptyIsAbsent: false))
            #expect(try binding.decode(try binding.encode(event, as: .structured())) == event)
        }
    }

    @Test(
        "AMQP: binary and structured mode; only URIs and exact times have to be declared (A1 to A4)",
        arguments: seeds
    )
    func amqp(seed: UInt64) throws {
        for event in try events(seed) {
            let undeclared: Set<AttributeType> = [.boolean, .integer, .binary, .string]
            let types = event.extensionTypes.filter { !undeclared.contains($0.value) }
            let binary = AMQPBinding(extensionTypes: types, prefix: .colon)
            #expect(try binary.decode(try binary.encode(event)) == event.received())
            let structured = AMQPBinding(extensionTypes: event.extensionTypes)
            #expect(try structured.decode(try structured.encode(event, as: .structured())) == event)
        }
    }

    @Test("MQTT 5 and 3.1.1 (Q1 to Q4, C14)", arguments: seeds)
    func mqtt(seed: UInt64) throws {
        for event in try events(seed) {
            let binding = MQTT5Binding(extensionTypes: event.extensionTypes)
            #expect(try binding.decode(try binding.encode(event)) == event.received())
            #expect(try binding.decode(try binding.encode(event, as: .structured())) == event)
            let old = MQTT3Binding(extensionTypes: event.extensionTypes)
            #expect(try old.decode(try old.encode(event)) == event)
        }
    }

    @Test("NATS: binary and structured mode (N1 to N3, C14)", arguments: seeds)
    func nats(seed: UInt64) throws {
        for event in try events(seed) {
            let binding = NATSBinding(extensionTypes: event.extensionTypes)
            #expect(try binding.decode(try binding.encode(event)) == event.received())
            let structured = try binding.encode(event, as: .structured())
            #expect(try binding.decode(structured) == event)
            #expect(try binding.decode(NATSMessage(payload: structured.payload)) == event)
        }
    }

    @Test("WebSockets (W1, W3)", arguments: seeds)
    func webSocket(seed: UInt64) throws {
        for event in try events(seed) {
            let binding = WebSocketBinding(.json, extensionTypes: event.extensionTypes)
            #expect(try binding.decode(try binding.encode(event)) == event)
        }
    }

    @Test("Without declared types, extensions in text headers are Strings (C14)")
    func undeclaredTypes() throws {
        let event = try CloudEvent(id: "1", source: "/s", type: "t", extensions: ["b": true, "i": 5])
        let strings: ExtensionAttributes = ["b": "true", "i": "5"]
        #expect(try HTTPBinding().decode(try HTTPBinding().encode(event)).extensions == strings)
        #expect(try KafkaBinding().decode(try KafkaBinding().encode(event)).extensions == strings)
        #expect(try MQTT5Binding().decode(try MQTT5Binding().encode(event)).extensions == strings)
        #expect(try NATSBinding().decode(try NATSBinding().encode(event)).extensions == strings)
        #expect(try AMQPBinding().decode(try AMQPBinding().encode(event)).extensions == event.extensions)
    }

    @Test("A value that is not of its declared type is refused, in every mode (C14)")
    func wrongDeclaredTypes() throws {
        let event = try CloudEvent(id: "1", source: "/s", type: "t", extensions: ["b": true])
        let http = HTTPBinding(extensionTypes: ["b": .integer])
        expectError(.invalidValue, rule: "T2", attribute: "b") { try http.decode(try http.encode(event)) }
        expectError(.invalidValue, attribute: "b") { try http.decode(try http.encode(event, as: .structured())) }
        expectError(.invalidValue, attribute: "b") { try http.decodeBatch(try http.encodeBatch([event])) }
        let amqp = AMQPBinding(extensionTypes: ["b": .string])
        expectError(.invalidValue, rule: "C14", attribute: "b") { try amqp.decode(try amqp.encode(event)) }
    }

    @Test("The data of a decoded event lies in the buffer of the message, not in a copy (H5)")
    func sharedData() throws {
        let event = try CloudEvent(id: "1", source: "/s", type: "t", data: .binary([1, 2, 3]))
        let body = event.data.bytes
        #expect(try HTTPBinding().encode(event).body?.bufferIdentity == body.bufferIdentity)
        let decoded = try HTTPBinding().decode(try HTTPBinding().encode(event))
        #expect(decoded.data.bytes.bufferIdentity == body.bufferIdentity)
    }

    @Test("A JSON value says its content type where the event does not (C15)")
    func impliedContentType() throws {
        let json = try CloudEvent(id: "1", source: "/s", type: "t", data: .json("1"))
        #expect(try HTTPBinding().decode(try HTTPBinding().encode(json)).dataContentType == "application/json")
        #expect(try AMQPBinding().encode(json).contentType == "application/json")
        #expect(try MQTT5Binding().encode(json).contentType == "application/json")
        #expect(
            try NATSBinding().encode(json).headers.contains(MessageHeader("ce-datacontenttype", "application/json"))
        )
        #expect(try KafkaBinding().encode(json).headers.contains(KafkaHeader("content-type", "application/json")))
        let bytes = try CloudEvent(id: "1", source: "/s", type: "t", data: .binary([1]))
        #expect(try HTTPBinding().decode(try HTTPBinding().encode(bytes)).dataContentType == nil)
    }
}
