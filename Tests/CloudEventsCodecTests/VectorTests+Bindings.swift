// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import EventTestSupport

extension VectorTests {
    static let bindingChecks: [Check] = httpChecks + brokerChecks + webChecks

    private static let httpChecks: [Check] = [
        ("http-mode", checkHTTPMode),
        ("http-binary", checkHTTP),
        ("http-structured", checkHTTP),
        ("http-batch", checkHTTPBatch),
        ("http-binary-encode", checkHTTPEncode),
        ("header-encoding", checkHeaderEncoding),
        ("header-decoding", checkHeaderDecoding),
    ]

    private static let brokerChecks: [Check] = [
        ("kafka-binary", checkKafka),
        ("kafka-structured", checkKafka),
        ("kafka-binary-encode", checkKafkaEncode),
        ("amqp-binary", checkAMQP),
        ("amqp-structured", checkAMQP),
        ("amqp-binary-encode", checkAMQPEncode),
        ("mqtt5-binary", checkMQTT5),
        ("mqtt5-structured", checkMQTT5),
        ("mqtt311", checkMQTT3),
        ("nats-binary", checkNATS),
        ("nats-structured", checkNATS),
    ]

    private static let webChecks: [Check] = [
        ("websocket-frame", checkWebSocketFrame),
        ("websocket-subprotocol", checkWebSocketSubprotocol),
        ("webhook-handshake", checkWebhookHandshake),
    ]
}

// MARK: - Forms of messages

extension Vector {
    /// The bytes of a member: text, or base64 in the member with `_base64` behind its name; nothing where it is null.
    fileprivate func bytes(_ name: String) throws -> SharedBytes? {
        if let text = input[name]?.string { return SharedBytes(utf8: text) }
        guard let text = input[name + "_base64"]?.string else { return nil }
        guard case .binary(let bytes) = try AttributeValue(canonical: text, as: .binary) else { return nil }
        return bytes
    }

    fileprivate func headers(_ name: String) -> [MessageHeader] {
        (input[name]?.elements ?? []).compactMap { pair in
            guard pair.elements.count == 2 else { return nil }
            return MessageHeader(pair.elements[0].string ?? "", pair.elements[1].string ?? "")
        }
    }

    fileprivate func check(_ event: CloudEvent) throws {
        guard !isVerdict else { return }
        try Vector.check(event, against: expect, dataIsBytes: hasBytes)
    }
}

/// Compares what was written with what is expected, name by name.
private func compare(_ found: [(String, TestJSON)], with expected: TestJSON?) throws {
    guard let expected else { return }
    let members = Dictionary(found) { first, _ in first }
    guard members == expected.members, members.count == found.count else {
        throw VectorMismatch("it was written as \(found)")
    }
}

private func compare(_ bytes: SharedBytes?, with expected: TestJSON?, emptyIsNothing: Bool) throws {
    guard let expected else { return }
    let text = bytes.map { String(decodingUTF8: $0) }
    let isRight = emptyIsNothing ? (text ?? "") == (expected.string ?? "") : text == expected.string
    guard isRight else { throw VectorMismatch("the payload was written as \(text ?? "nothing")") }
}

// MARK: - HTTP

extension VectorTests {
    private static func checkHTTPMode(_ vector: Vector) throws {
        var message = HTTPMessage(headers: vector.headers("headers"))
        if let contentType = vector.input["content_type"]?.string {
            message.headers.append(MessageHeader("Content-Type", contentType))
            // Only the content type is of interest here, and the message is to be an event.
            message.headers.append(MessageHeader("ce-specversion", "1.0"))
        }
        let mode = HTTPBinding().contentMode(of: message)
        let name = mode == .batched ? "batch" : mode?.rawValue
        guard vector.expect.string == name else { throw VectorMismatch("the mode is \(name ?? "none")") }
    }

    private static func http(_ vector: Vector) throws -> HTTPMessage {
        HTTPMessage(headers: vector.headers("headers"), body: try vector.bytes("body"))
    }

    private static func checkHTTP(_ vector: Vector) throws {
        try vector.check(try HTTPBinding().decode(try http(vector)))
    }

    private static func checkHTTPBatch(_ vector: Vector) throws {
        let events = try HTTPBinding().decodeBatch(try http(vector))
        guard !vector.isVerdict else { return }
        let expected = vector.expect["events"]?.elements ?? []
        guard events.count == expected.count else { throw VectorMismatch("it has \(events.count) events") }
        for (event, form) in zip(events, expected) { try Vector.check(event, against: form) }
    }

    private static func checkHTTPEncode(_ vector: Vector) throws {
        let message = try HTTPBinding().encode(try Vector.event(vector.input))
        try compare(message.headers.map { ($0.name, .string($0.value)) }, with: vector.expect["headers"])
        try compare(message.body, with: vector.expect["body"], emptyIsNothing: true)
    }

    private static func checkHeaderEncoding(_ vector: Vector) throws {
        let header = HTTPHeaderValue.encode(vector.input["value"]?.string ?? "")
        guard vector.expect["header"]?.string == header else { throw VectorMismatch("it was encoded as \(header)") }
    }

    private static func checkHeaderDecoding(_ vector: Vector) throws {
        let value = try HTTPHeaderValue.decode(vector.input["header"]?.string ?? "")
        guard vector.isVerdict || vector.expect["value"]?.string == value else {
            throw VectorMismatch("it was decoded as \(value)")
        }
    }
}

// MARK: - Brokers

extension VectorTests {
    private static func checkKafka(_ vector: Vector) throws {
        let headers = try (vector.input["headers"]?.elements ?? []).map { pair in
            guard pair.elements.count == 2, let name = pair.elements[0].string else {
                throw VectorMismatch("a header is a pair of texts")
            }
            return KafkaHeader(key: name, value: pair.elements[1].string.map { SharedBytes(utf8: $0) })
        }
        let message = KafkaMessage(key: try vector.bytes("key"), value: try vector.bytes("value"), headers: headers)
        try vector.check(try KafkaBinding().decode(message))
    }

    private static func checkKafkaEncode(_ vector: Vector) throws {
        let event = try Vector.event(vector.input)
        let message = try KafkaBinding().encode(event)
        let headers = message.headers.map { header -> (String, TestJSON) in
            (header.key, header.value.map { .string(String(decodingUTF8: $0)) } ?? .null)
        }
        try compare(headers, with: vector.expect["headers"])
        try compare(message.value, with: vector.expect["value"], emptyIsNothing: false)
        guard message.key == nil else { throw VectorMismatch("it has a key") }
        guard let expected = vector.expect["key_with_partitionkey_mapper"] else { return }
        let mapped = try KafkaBinding(keyMapper: .partitionKey).encode(event)
        try compare(mapped.key, with: expected, emptyIsNothing: false)
        guard mapped.headers == message.headers else { throw VectorMismatch("the mapper changed the event") }
    }

    private static func checkAMQP(_ vector: Vector) throws {
        let properties = try (vector.input["application_properties"]?.elements ?? []).map { pair in
            guard pair.elements.count == 2, let name = pair.elements[0].string else {
                throw VectorMismatch("a property is a pair of name and value")
            }
            return AMQPProperty(name, try amqpValue(pair.elements[1]))
        }
        let message = AMQPMessage(
            contentType: vector.input["content_type"]?.string,
            applicationProperties: properties,
            body: try vector.bytes("body")
        )
        try vector.check(try AMQPBinding().decode(message))
    }

    private static func amqpValue(_ form: TestJSON) throws -> AMQPValue {
        switch form {
        case .string(let text): return .string(text)
        case .boolean(let value): return .boolean(value)
        case .null: return .null
        case .number(let text): return Int64(text).map { .long($0) } ?? .double(Double(text) ?? 0)
        default: break
        }
        for type in ["long", "int", "short", "byte"] {
            if let number = form["amqp_" + type]?.integer { return .long(Int64(number)) }
            if let number = form["amqp_u" + type]?.integer { return .unsignedLong(UInt64(clamping: number)) }
        }
        if let number = form["amqp_timestamp_ms"]?.integer { return .timestamp(milliseconds: Int64(number)) }
        if let value = form["amqp_boolean"] { return .boolean(value == .boolean(true)) }
        if let text = form["amqp_symbol"]?.string { return .symbol(text) }
        if let text = form["amqp_binary_base64"]?.string,
            case .binary(let bytes) = try AttributeValue(canonical: text, as: .binary)
        {
            return .binary(bytes)
        }
        return .other
    }

    private static func checkAMQPEncode(_ vector: Vector) throws {
        let message = try AMQPBinding().encode(try Vector.event(vector.input))
        let properties = message.applicationProperties.map { ($0.name, amqpForm($0.value)) }
        try compare(properties, with: vector.expect["application_properties"])
        guard vector.expect["content_type"]?.string == message.contentType else {
            throw VectorMismatch("the content type is \(message.contentType ?? "not there")")
        }
    }

    private static func amqpForm(_ value: AMQPValue) -> TestJSON {
        switch value {
        case .boolean(let value): .boolean(value)
        case .long(let value): .object(["amqp_long": .number(String(value))])
        case .timestamp(let value): .object(["amqp_timestamp_ms": .number(String(value))])
        case .binary(let bytes): .object(["amqp_binary_base64": .string(Base64.encode(bytes))])
        case .string(let text): .string(text)
        default: .null
        }
    }

    private static func checkMQTT5(_ vector: Vector) throws {
        let message = MQTTMessage(
            contentType: vector.input["content_type"]?.string,
            userProperties: vector.headers("user_properties"),
            payload: try vector.bytes("payload")
        )
        try vector.check(try MQTT5Binding().decode(message))
    }

    private static func checkMQTT3(_ vector: Vector) throws {
        try vector.check(try MQTT3Binding().decode(try vector.bytes("payload") ?? SharedBytes()))
    }

    private static func checkNATS(_ vector: Vector) throws {
        let message = NATSMessage(headers: vector.headers("headers"), payload: try vector.bytes("payload"))
        try vector.check(try NATSBinding().decode(message))
    }
}

// MARK: - WebSockets and webhooks

extension VectorTests {
    private static func checkWebSocketFrame(_ vector: Vector) throws {
        let name = vector.input["subprotocol"]?.string ?? ""
        guard let subprotocol = WebSocketSubprotocol(name: name) else {
            throw VectorMismatch("no subprotocol has the name \(name)")
        }
        guard vector.expect["frame"]?.string == subprotocol.opcode.rawValue else {
            throw VectorMismatch("the frame is \(subprotocol.opcode.rawValue)")
        }
    }

    private static func checkWebSocketSubprotocol(_ vector: Vector) throws {
        let offered = vector.input["offered"]
        let values = offered?.string.map { [$0] } ?? offered?.elements.compactMap(\.string) ?? []
        let supported = (vector.input["supported"]?.elements ?? []).compactMap {
            $0.string.flatMap { WebSocketSubprotocol(name: $0) }
        }
        let chosen = WebSocketSubprotocol.answer(
            to: values.map { MessageHeader("Sec-WebSocket-Protocol", $0) },
            supported: supported
        )
        guard vector.expect["chosen"]?.string == chosen?.name else {
            throw VectorMismatch("chosen was \(chosen?.name ?? "none")")
        }
    }

    private static func checkWebhookHandshake(_ vector: Vector) throws {
        let headers = (vector.input["request_headers"]?.members ?? [:]).map {
            MessageHeader($0.key, $0.value.string ?? "")
        }
        let origins = (vector.input["target"]?["allow_origins"]?.elements ?? []).compactMap(\.string)
        let rate = vector.input["target"]?["rate"]?.integer
        let policy = WebhookPolicy(
            allowedOrigins: origins.contains("*") ? nil : origins,
            rate: try rate.map { try WebhookRate(requestsPerMinute: $0) } ?? .unlimited
        )
        let response = try WebhookHandshake(policy).response(to: headers)
        guard !vector.isVerdict else { return }
        let granted = response.headers.filter { $0.name.hasPrefix("WebHook-") }
        let found = Dictionary(granted.map { ($0.name, TestJSON.string($0.value)) }) { first, _ in first }
        var echoed = found
        if echoed["WebHook-Allowed-Origin"] != nil {
            echoed["WebHook-Allowed-Origin"] = vector.input["request_headers"]?["WebHook-Request-Origin"]
        }
        // A target that takes every origin may repeat the sender's instead of the asterisk (B5).
        guard found == vector.expect.members || echoed == vector.expect.members else {
            throw VectorMismatch("the answer is \(found)")
        }
    }
}
