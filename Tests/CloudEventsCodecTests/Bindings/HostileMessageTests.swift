// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import EventTestSupport
import Testing

/// Whatever the message is, a binding answers or throws, and what it answers it can write and read again.
struct HostileMessageTests {
    static let seeds = 0..<4 as Range<UInt64>

    /// A text with something changed, or cut off.
    private func damaged(_ text: String, _ random: inout SeededGenerator) -> String {
        var bytes = Array(text.utf8)
        if random.chance(30) { return String(decoding: bytes.prefix(random.below(bytes.count + 1)), as: UTF8.self) }
        let telling = Array("%\"\\ \u{0}\u{7F}=:,;/_-aAzZ09é\u{FFFE}".utf8)
        for _ in 0...random.below(2) where !bytes.isEmpty {
            bytes[random.below(bytes.count)] = telling[random.below(telling.count)]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func damaged(_ headers: [MessageHeader], _ random: inout SeededGenerator) -> [MessageHeader] {
        var headers = headers
        guard !headers.isEmpty else { return headers }
        let index = random.below(headers.count)
        switch random.below(5) {
        case 0: headers.remove(at: index)
        case 1: headers.append(headers[index])
        case 2: headers[index].name = damaged(headers[index].name, &random)
        default: headers[index].value = damaged(headers[index].value, &random)
        }
        return headers
    }

    private func damaged(_ bytes: SharedBytes?, _ random: inout SeededGenerator) -> SharedBytes? {
        guard let bytes, !bytes.isEmpty else { return bytes }
        var copy = Array(bytes)
        if random.chance(50) { return SharedBytes(copy.prefix(random.below(copy.count))) }
        copy[random.below(copy.count)] = UInt8(random.below(256))
        return SharedBytes(copy)
    }

    @Test("Damaged messages of HTTP and NATS (H8, C3, C13, N2)", arguments: seeds)
    func http(seed: UInt64) throws {
        var generator = EventGenerator(seed: seed)
        for _ in 0..<100 {
            let event = try generator.typedEvent()
            let mode: MessageMode = generator.random.chance(70) ? .binary : .structured()
            let message = try HTTPBinding().encode(event, as: mode)
            for _ in 0..<10 {
                let headers = damaged(message.headers, &generator.random)
                let body = damaged(message.body, &generator.random)
                if let read = try? HTTPBinding().decode(HTTPMessage(headers: headers, body: body)) {
                    #expect(
                        try HTTPBinding(extensionTypes: read.extensionTypes).decode(HTTPBinding().encode(read))
                            == read.received()
                    )
                }
                _ = try? HTTPBinding().decodeBatch(HTTPMessage(headers: headers, body: body))
                if let read = try? NATSBinding().decode(NATSMessage(headers: headers, payload: body)) {
                    #expect(
                        try NATSBinding(extensionTypes: read.extensionTypes).decode(NATSBinding().encode(read))
                            == read.received()
                    )
                }
            }
        }
    }

    @Test("Damaged messages of Kafka, AMQP and MQTT (K2, A4, Q3)", arguments: seeds)
    func brokers(seed: UInt64) throws {
        var generator = EventGenerator(seed: seed)
        for _ in 0..<100 {
            let event = try generator.typedEvent()
            let mode: MessageMode = generator.random.chance(70) ? .binary : .structured()
            var message = try MQTT5Binding().encode(event, as: mode)
            for _ in 0..<10 {
                message.userProperties = damaged(message.userProperties, &generator.random)
                message.payload = damaged(message.payload, &generator.random)
                message.contentType = message.contentType.map { damaged($0, &generator.random) }
                if let read = try? MQTT5Binding().decode(message) {
                    #expect(
                        try MQTT5Binding(extensionTypes: read.extensionTypes).decode(MQTT5Binding().encode(read))
                            == read.received()
                    )
                }
                try readAsOthers(message)
            }
        }
    }

    private func readAsOthers(_ message: MQTTMessage) throws {
        let kafka = KafkaMessage(
            value: message.payload,
            headers: message.userProperties.map { KafkaHeader("ce_" + $0.name, $0.value) }
                + (message.contentType.map { [KafkaHeader("content-type", $0)] } ?? [])
        )
        if let read = try? KafkaBinding().decode(kafka) {
            #expect(
                try KafkaBinding(extensionTypes: read.extensionTypes).decode(KafkaBinding().encode(read))
                    == read.received(emptyIsAbsent: false)
            )
        }
        let amqp = AMQPMessage(
            contentType: message.contentType,
            applicationProperties: message.userProperties.map {
                AMQPProperty("cloudEvents_" + $0.name, .string($0.value))
            },
            body: message.payload
        )
        if let read = try? AMQPBinding().decode(amqp) {
            #expect(try AMQPBinding().decode(AMQPBinding().encode(read)) == read.received())
        }
    }

    @Test("Every message in binary mode that lacks a required attribute, cut at any length, is refused (C1, C2)")
    func truncation() throws {
        let event = try CloudEvent(id: "id", source: "/source", type: "type", time: Timestamp("2020-01-01T00:00:00Z"))
        let message = try HTTPBinding().encode(event)
        for index in message.headers.indices {
            let value = message.headers[index].value
            for length in 0..<value.utf8.count {
                var cut = message
                cut.headers[index].value = String(decoding: value.utf8.prefix(length), as: UTF8.self)
                let name = message.headers[index].name
                if length > 0, ["ce-id", "ce-source", "ce-type"].contains(name) {
                    #expect(try HTTPBinding().decode(cut) != event)
                } else {
                    #expect(throws: CloudEventError.self) { try HTTPBinding().decode(cut) }
                }
            }
            var missing = message
            missing.headers.remove(at: index)
            if message.headers[index].name != "ce-time" {
                expectError(.missingAttribute, rule: "C1") { try HTTPBinding().decode(missing) }
            }
        }
    }

    @Test("Many extensions get the types that are declared for them (C14)")
    func manyDeclaredTypes() throws {
        let names = try (0..<100).map { try AttributeName("x\($0)") }
        var extensions = ExtensionAttributes()
        for name in names { extensions[name] = .string("2020-01-01T00:00:00Z") }
        var event = try CloudEvent(id: "1", source: "/s", type: "t")
        try event.setExtensions(extensions)
        let message = try HTTPBinding().encode(event, as: .structured(JSONEventFormat()))
        let types = Dictionary(uniqueKeysWithValues: names.map { ($0, AttributeType.timestamp) })
        let decoded = try HTTPBinding(extensionTypes: types).decode(message).extensions
        #expect(decoded.count == 100)
        #expect(decoded.allSatisfy { $0.value.type == .timestamp })
    }

    @Test("Damaged requests and answers of webhooks and WebSockets (B2, B3, B4, B5, W2)")
    func web() {
        var random = SeededGenerator(seed: 11)
        let request = [
            MessageHeader("WebHook-Request-Origin", "a.example.com"), MessageHeader("WebHook-Request-Rate", "120"),
            MessageHeader("WebHook-Request-Callback", "https://example.com/a?b"),
            MessageHeader("WebHook-Allowed-Origin", "a.example.com"), MessageHeader("WebHook-Allowed-Rate", "9"),
            MessageHeader("Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT"), MessageHeader("Authorization", "Bearer abc"),
            MessageHeader("Sec-WebSocket-Protocol", "cloudevents.json, cloudevents.avro"),
        ]
        let handshake = WebhookHandshake(WebhookPolicy(allowedOrigins: ["a.example.com"]))
        let registration = try? WebhookRegistration(origin: "a.example.com")
        for _ in 0..<10_000 {
            let headers = damaged(damaged(request, &random), &random)
            if let answer = try? handshake.response(to: headers), answer.reason == nil {
                #expect(registration?.consent(in: answer.headers).isGranted == true)
            }
            _ = registration?.consent(in: headers)
            _ = WebhookCallback.consent(method: "GET", headers: headers)
            _ = WebhookOutcome(status: 429, headers: headers).retryAfter
            _ = try? WebhookToken(headers: headers, target: damaged("/x?access_token=a%20b&c#d", &random))
            _ = WebSocketSubprotocol.answer(to: headers)
            _ = try? WebSocketSubprotocol.agreed(headers)
        }
    }
}
