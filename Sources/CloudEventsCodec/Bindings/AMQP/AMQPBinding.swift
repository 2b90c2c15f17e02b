// SPDX-License-Identifier: Apache-2.0

/// The AMQP 1.0 binding (A1 to A5): events from and to AMQP messages.
///
/// It is a value without state and opens no connection: fill an ``AMQPMessage`` from whatever library speaks AMQP.
/// There are no batches: a message is one event (A5).
public struct AMQPBinding: Sendable, MessageBinding {
    /// The formats that structured mode is read in.
    public var formats: EventFormats

    /// How much is read before a message is refused. The formats have limits of their own besides.
    public var limits: CodecLimits

    /// The types of extension attributes that are known beforehand. AMQP tells Boolean, Integer, Binary and Timestamp
    /// itself; what comes as text is a String unless its type is declared here (A4).
    public var extensionTypes: [AttributeName: AttributeType]

    /// What stands before the attributes' names in messages that are written; both are read (A2).
    public var prefix: AMQPAttributePrefix

    /// Makes a binding.
    ///
    /// - Parameters:
    ///   - formats: the formats that are read; all of this library where none are given.
    ///   - limits: how much is read before a message is refused.
    ///   - extensionTypes: the types of extension attributes that are known beforehand.
    ///   - prefix: what stands before the attributes' names in messages that are written.
    public init(
        formats: EventFormats? = nil,
        limits: CodecLimits = CodecLimits(),
        extensionTypes: [AttributeName: AttributeType] = [:],
        prefix: AMQPAttributePrefix = .underscore
    ) {
        self.formats = formats ?? .all(limits: limits)
        self.limits = limits
        self.extensionTypes = extensionTypes
        self.prefix = prefix
    }
}

// MARK: - Decoding

extension AMQPBinding {
    /// How a message carries an event; `nil` where it carries none: it has neither a content type of CloudEvents nor an
    /// application property with one of the prefixes (A1). A batch is told too, but no batch can be read.
    public func contentMode(of message: AMQPMessage) -> ContentMode? {
        let mode = ContentMode(contentType: message.contentType)
        guard mode == .binary else { return mode }
        return message.applicationProperties.contains { Self.prefix(of: $0.name) != nil } ? .binary : nil
    }

    /// Reads the event of a message in binary or structured mode.
    ///
    /// Attributes come in AMQP's types or as canonical text (A4); null is no value. The event's data shares the buffer
    /// of the body.
    ///
    /// - Throws: ``CloudEventError`` with the property and the rule: among others
    ///   ``CloudEventError/Code/unsupportedFormat`` for a format that is not among ``formats`` and for a batch (A5),
    ///   ``CloudEventError/Code/invalidName`` where both prefixes are in one message (A2).
    public func decode(_ message: AMQPMessage) throws(CloudEventError) -> CloudEvent {
        switch ContentMode(contentType: message.contentType) {
        case .structured:
            return try structuredEvent(message.body, contentType: message.contentType ?? "", rule: "A1")
        case .batched:
            throw CloudEventError(
                .unsupportedFormat,
                "the AMQP binding has no batches; send each event as a message of its own",
                rule: "A5"
            )
        case .binary:
            return try binaryEvent(message)
        }
    }

    private func binaryEvent(_ message: AMQPMessage) throws(CloudEventError) -> CloudEvent {
        let prefix = try prefix(of: message)
        let naming = AttributeNaming.amqp(prefix)
        var received = ReceivedAttributes(naming, of: self)
        for property in message.applicationProperties where Self.prefix(of: property.name) == prefix {
            let name = try naming.name(String(property.name.utf8Suffix(from: prefix.string.utf8.count)))
            let found: (value: AttributeValue, bytes: Int)?
            do throws(CloudEventError) { found = try property.value.attribute() } catch {
                throw naming.placing(error.naming(name.string))
            }
            guard let found else {
                try received.note(name, bytes: 0)
                continue
            }
            try received.add(name, found.value, bytes: found.bytes)
        }
        try received.setContentType(message.contentType)
        return try received.event(payload: message.body.flatMap { $0.isEmpty ? nil : $0 })
    }

    /// The one prefix that the attributes of a message have.
    private func prefix(of message: AMQPMessage) throws(CloudEventError) -> AMQPAttributePrefix {
        var found: AMQPAttributePrefix?
        for property in message.applicationProperties {
            guard let prefix = Self.prefix(of: property.name), prefix != found else { continue }
            guard found == nil else {
                throw CloudEventError(
                    .invalidName,
                    "the message has attributes with cloudEvents_ and with cloudEvents: before their names; use one",
                    attribute: AttributeName.printable(property.name),
                    rule: "A2"
                )
            }
            found = prefix
        }
        return found ?? prefix
    }

    private static func prefix(of name: String) -> AMQPAttributePrefix? {
        AMQPAttributePrefix.allCases.first { name.utf8.starts(with: $0.string.utf8) }
    }
}

// MARK: - Encoding

extension AMQPBinding {
    /// Writes an event as a message.
    ///
    /// In binary mode a JSON value without a content type gets `application/json` (C15), and attributes have AMQP's
    /// types (A4): an AMQP timestamp is an instant, and local offsets are not kept; a time with digits behind the
    /// milliseconds and a leap second are written as text.
    ///
    /// - Throws: ``CloudEventError`` where the format of structured mode cannot write the event.
    public func encode(
        _ event: CloudEvent,
        as mode: MessageMode = .binary
    ) throws(CloudEventError) -> AMQPMessage {
        if let format = mode.format {
            return AMQPMessage(
                contentType: format.contentType,
                applicationProperties: [],
                body: try format.encode(event)
            )
        }
        return AMQPMessage(
            contentType: event.messageContentType,
            applicationProperties: event.headerAttributes.map {
                AMQPProperty(prefix.string + $0.name.string, AMQPValue($0.value))
            },
            body: event.messagePayload
        )
    }
}
