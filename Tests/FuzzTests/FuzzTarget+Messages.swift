// SPDX-License-Identifier: Apache-2.0

@testable import CloudEventsCodec

extension FuzzTarget {
    @Sendable static func checkHTTP(_ bytes: SharedBytes) throws {
        let lines = FuzzMessage(bytes)
        let message = HTTPMessage(headers: lines.headers, body: lines.body)
        let binding = HTTPBinding()
        _ = binding.contentMode(of: message)
        try checkMessage(
            message,
            decode: { message throws(CloudEventError) in try binding.decode(message) },
            encode: { event, mode throws(CloudEventError) in try binding.encode(event, as: mode) }
        )
        guard let events = decoded({ () throws(CloudEventError) in try binding.decodeBatch(message) }) else { return }
        for event in events { try check(event) }
        guard let written = decoded({ () throws(CloudEventError) in try binding.encodeBatch(events) }) else { return }
        try require(try binding.decodeBatch(written) == events, "a batch that was written is read as the same events")
    }

    @Sendable static func checkHeaderValue(_ bytes: SharedBytes) throws {
        let text = String(decodingUTF8: bytes)
        let header = HTTPHeaderValue.encode(text)
        try require(header.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x22 }, "a header is printable ASCII")
        try require(try HTTPHeaderValue.decode(header) == text, "a value that was encoded comes back")
        _ = decoded { () throws(CloudEventError) in try HTTPHeaderValue.decode(text) }
    }

    @Sendable static func checkKafka(_ bytes: SharedBytes) throws {
        let lines = FuzzMessage(bytes)
        let message = KafkaMessage(
            value: lines.body.isEmpty ? nil : lines.body,
            headers: lines.headers.map { KafkaHeader($0.name, $0.value) }
        )
        let binding = KafkaBinding()
        _ = binding.contentMode(of: message)
        try checkMessage(
            message,
            decode: { message throws(CloudEventError) in try binding.decode(message) },
            encode: { event, mode throws(CloudEventError) in try binding.encode(event, as: mode) }
        )
    }

    /// A value that begins with a letter and an exclamation mark is of another type than string.
    @Sendable static func checkAMQP(_ bytes: SharedBytes) throws {
        let lines = FuzzMessage(bytes)
        let message = AMQPMessage(
            contentType: lines.contentType,
            applicationProperties: lines.headers.map { AMQPProperty($0.name, amqpValue($0.value)) },
            body: lines.body
        )
        let binding = AMQPBinding()
        _ = binding.contentMode(of: message)
        try checkMessage(
            message,
            decode: { message throws(CloudEventError) in try binding.decode(message) },
            encode: { event, mode throws(CloudEventError) in try binding.encode(event, as: mode) }
        )
    }

    private static func amqpValue(_ text: String) -> AMQPValue {
        let value = String(text.dropFirst(2))
        return switch text.prefix(2) {
        case "l!": .long(Int64(value) ?? .max)
        case "u!": .unsignedLong(UInt64(value) ?? .max)
        case "t!": .timestamp(milliseconds: Int64(value) ?? .min)
        case "b!": .boolean(value == "true")
        case "d!": .double(Double(value) ?? .nan)
        case "n!": .null
        case "o!": .other
        case "s!": .symbol(value)
        case "x!": .binary(SharedBytes(utf8: value))
        default: .string(text)
        }
    }

    @Sendable static func checkMQTT(_ bytes: SharedBytes) throws {
        let lines = FuzzMessage(bytes)
        let message = MQTTMessage(
            contentType: lines.contentType,
            userProperties: lines.headers.filter { $0.name != "content-type" },
            payload: lines.body
        )
        let binding = MQTT5Binding()
        _ = binding.contentMode(of: message)
        try checkMessage(
            message,
            decode: { message throws(CloudEventError) in try binding.decode(message) },
            encode: { event, mode throws(CloudEventError) in try binding.encode(event, as: mode) }
        )
    }

    @Sendable static func checkNATS(_ bytes: SharedBytes) throws {
        let lines = FuzzMessage(bytes)
        let message = NATSMessage(headers: lines.headers, payload: lines.body)
        let binding = NATSBinding()
        _ = binding.contentMode(of: message)
        try checkMessage(
            message,
            decode: { message throws(CloudEventError) in try binding.decode(message) },
            encode: { event, mode throws(CloudEventError) in try binding.encode(event, as: mode) }
        )
    }

    /// The event as JSON gives it back: Binary values, URIs and timestamps are Strings (J11).
    private static func withTypesOfJSON(_ event: CloudEvent) throws -> CloudEvent {
        var event = event
        for element in event.extensions where ![.boolean, .integer, .string].contains(element.value.type) {
            try event.setExtension(element.name, to: .string(element.value.canonicalString))
        }
        return event
    }

    /// What a binding reads it can write. In binary mode types of attributes and kinds of data may be lost, but only
    /// once; in structured mode nothing is but the types that JSON has no form for (J11).
    private static func checkMessage<Message>(
        _ message: Message,
        decode: (Message) throws(CloudEventError) -> CloudEvent,
        encode: (CloudEvent, MessageMode) throws(CloudEventError) -> Message
    ) throws {
        guard let event = decoded({ () throws(CloudEventError) in try decode(message) }) else { return }
        try check(event)
        if let written = decoded({ () throws(CloudEventError) in try encode(event, .structured()) }) {
            try require(
                try withoutWhitespace(decode(written)) == withoutWhitespace(withTypesOfJSON(event)),
                "what was written in structured mode is read as the same event"
            )
        }
        guard let written = decoded({ () throws(CloudEventError) in try encode(event, .binary) }) else { return }
        guard let once = decoded({ () throws(CloudEventError) in try decode(written) }) else {
            throw FuzzFailure(description: "what was written in binary mode is read")
        }
        try require(
            once.id == event.id && once.source == event.source && once.type == event.type && once.time == event.time
                && once.subject == event.subject && once.dataSchema == event.dataSchema
                && once.attributeNames.count >= event.attributeNames.count,
            "no attribute is lost in binary mode"
        )
        try require(try decode(encode(once, .binary)) == once, "in binary mode an event is read as it was written")
    }

    /// The event with JSON data as a JSON format writes it: in binary mode there may be white space around it.
    private static func withoutWhitespace(_ event: CloudEvent) throws -> CloudEvent {
        guard event.data.kind == .json else { return event }
        var copy = event
        copy.data = try .json(event.data.bytes)
        return copy
    }
}

extension FuzzMessage {
    /// The value of the header `content-type`, for bindings that have it elsewhere.
    fileprivate var contentType: String? { headers.first { $0.name == "content-type" }?.value }
}
