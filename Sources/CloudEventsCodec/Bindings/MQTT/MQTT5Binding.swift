// SPDX-License-Identifier: Apache-2.0

/// The MQTT binding for version 5 (Q2 to Q4): events from and to PUBLISH packets.
///
/// It is a value without state and opens no connection: fill an ``MQTTMessage`` from whatever library speaks MQTT.
/// There are no batches: a packet is one event.
///
/// Attributes are user properties without a prefix (Q3), and so they share their names with the application's own user
/// properties. A property whose name cannot be an attribute's (C13), such as one with an upper-case letter, claims to
/// be none: it is passed over and belongs to the application (C17). Where a binding has a prefix, the name behind it
/// does claim to be an attribute's, and a wrong one is refused.
public struct MQTT5Binding: Sendable, MessageBinding {
    /// The formats that structured mode is read in.
    public var formats: EventFormats

    /// How much is read before a message is refused. The formats have limits of their own besides.
    public var limits: CodecLimits

    /// The types of extension attributes that are known beforehand; others are Strings, since user properties are text
    /// (C14).
    public var extensionTypes: [AttributeName: AttributeType]

    /// Makes a binding.
    ///
    /// - Parameters:
    ///   - formats: the formats that are read; all of this library where none are given.
    ///   - limits: how much is read before a message is refused.
    ///   - extensionTypes: the types of extension attributes that are known beforehand.
    public init(
        formats: EventFormats? = nil,
        limits: CodecLimits = CodecLimits(),
        extensionTypes: [AttributeName: AttributeType] = [:]
    ) {
        self.formats = formats ?? .all(limits: limits)
        self.limits = limits
        self.extensionTypes = extensionTypes
    }
}

// MARK: - Decoding

extension MQTT5Binding {
    /// How a message carries an event; `nil` where it carries none: it has neither a content type of CloudEvents nor a
    /// user property `specversion`, which every event has (Q2, C1). A batch is told too, but no batch can be read.
    public func contentMode(of message: MQTTMessage) -> ContentMode? {
        let mode = ContentMode(contentType: message.contentType)
        guard mode == .binary else { return mode }
        return message.userProperties.contains { $0.name == AttributeName.specVersion.string } ? .binary : nil
    }

    /// Reads the event of a message in binary or structured mode.
    ///
    /// The event's data shares the buffer of the payload. A user property `datacontenttype` is accepted where it equals
    /// the Content Type, as in the specification's own example, and refused otherwise (Q3).
    ///
    /// - Throws: ``CloudEventError`` with the property and the rule: among others
    ///   ``CloudEventError/Code/unsupportedFormat`` for a format that is not among ``formats`` and for a batch (Q4),
    ///   ``CloudEventError/Code/duplicate`` for an attribute that is there twice (C3),
    ///   ``CloudEventError/Code/invalidData`` for a payload that is said to be UTF-8 and is not.
    public func decode(_ message: MQTTMessage) throws(CloudEventError) -> CloudEvent {
        let payload = message.payload.flatMap { $0.isEmpty ? nil : $0 }
        if message.isPayloadUTF8 == true, let payload, !payload.withUnsafeBytes({ isValidUTF8($0) }) {
            throw CloudEventError(
                .invalidData,
                "the Payload Format Indicator says UTF-8, but the payload is not valid UTF-8",
                attribute: "data"
            )
        }
        switch ContentMode(contentType: message.contentType) {
        case .structured:
            return try structuredEvent(payload, contentType: message.contentType ?? "", rule: "Q4")
        case .batched:
            throw CloudEventError(
                .unsupportedFormat,
                "the MQTT binding has no batches; send each event as a message of its own",
                rule: "Q2"
            )
        case .binary:
            var received = ReceivedAttributes(.mqtt, of: self)
            for property in message.userProperties {
                guard let name = try? AttributeName(property.name) else { continue }
                try received.add(name, text: property.value)
            }
            try received.setContentType(message.contentType)
            return try received.event(payload: payload)
        }
    }
}

// MARK: - Encoding

extension MQTT5Binding {
    /// Writes an event as a message.
    ///
    /// In binary mode a JSON value without a content type gets `application/json` (C15), and attributes that are not
    /// text become their canonical text (Q3). The Payload Format Indicator is set where the payload is known to be
    /// text.
    ///
    /// - Throws: ``CloudEventError`` where the format of structured mode cannot write the event, and with
    ///   ``CloudEventError/Code/notRepresentable`` where an attribute is longer than the 65 535 bytes that a property
    ///   has.
    public func encode(
        _ event: CloudEvent,
        as mode: MessageMode = .binary
    ) throws(CloudEventError) -> MQTTMessage {
        if let format = mode.format {
            return MQTTMessage(
                contentType: format.contentType,
                isPayloadUTF8: MediaType.isJSON(format.contentType) ? true : nil,
                userProperties: [],
                payload: try format.encode(event)
            )
        }
        for attribute in event.attributes {
            let length = max(attribute.name.string.utf8.count, attribute.value.canonicalString.utf8.count)
            guard length <= Int(UInt16.max) else { throw Self.tooLong(attribute.name) }
        }
        return MQTTMessage(
            contentType: event.messageContentType,
            isPayloadUTF8: event.data.kind == .json || event.data.kind == .text ? true : nil,
            userProperties: event.headerAttributes.map {
                MessageHeader($0.name.string, $0.value.canonicalString)
            },
            payload: event.messagePayload
        )
    }
    private static func tooLong(_ name: AttributeName) -> CloudEventError {
        CloudEventError(
            .notRepresentable,
            "the attribute is longer than the 65535 bytes of a property; send the event in structured mode",
            attribute: AttributeName.printable(name.string),
            rule: "Q3"
        )
    }
}
