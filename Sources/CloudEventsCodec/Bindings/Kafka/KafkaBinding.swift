// SPDX-License-Identifier: Apache-2.0

/// The Kafka binding (K1 to K5): events from and to Kafka records.
///
/// It is a value without state and opens no connection: fill a ``KafkaMessage`` from whatever library speaks Kafka.
/// Names of headers are compared with their case, as Kafka does. There are no batches: a record is one event (K1).
public struct KafkaBinding: Sendable, MessageBinding {
    /// The formats that structured mode is read in.
    public var formats: EventFormats

    /// How much is read before a message is refused. The formats have limits of their own besides.
    public var limits: CodecLimits

    /// The types of extension attributes that are known beforehand; others are Strings, since headers are text (C14).
    public var extensionTypes: [AttributeName: AttributeType]

    /// Where the key of a written record comes from.
    public var keyMapper: KafkaKeyMapper

    /// Makes a binding.
    ///
    /// - Parameters:
    ///   - formats: the formats that are read; all of this library where none are given.
    ///   - limits: how much is read before a message is refused.
    ///   - extensionTypes: the types of extension attributes that are known beforehand.
    ///   - keyMapper: where the key of a written record comes from; by default from the caller (K3).
    public init(
        formats: EventFormats? = nil,
        limits: CodecLimits = CodecLimits(),
        extensionTypes: [AttributeName: AttributeType] = [:],
        keyMapper: KafkaKeyMapper = .callersKey
    ) {
        self.formats = formats ?? .all(limits: limits)
        self.limits = limits
        self.extensionTypes = extensionTypes
        self.keyMapper = keyMapper
    }

    private static let contentType = "content-type"
    private static let prefix = "ce_"
}

// MARK: - Decoding

extension KafkaBinding {
    /// How a message carries an event; `nil` where it carries none: it has neither a content type of CloudEvents nor a
    /// header that begins with `ce_` (K1). A batch is told too, but no batch can be read.
    public func contentMode(of message: KafkaMessage) -> ContentMode? {
        let contentType = message.headers.first { $0.key == Self.contentType }?.value.flatMap {
            String(validatingUTF8: $0)
        }
        let mode = ContentMode(contentType: contentType)
        guard mode == .binary else { return mode }
        return message.headers.contains { $0.key.utf8.starts(with: Self.prefix.utf8) } ? .binary : nil
    }

    /// Reads the event of a message in binary or structured mode; the record's key stays outside the event (K3).
    ///
    /// The event's data shares the buffer of the value. A null value is absent data, an empty one an empty payload
    /// (K2).
    ///
    /// - Throws: ``CloudEventError`` with the header and the rule: among others
    ///   ``CloudEventError/Code/unsupportedFormat`` for a format that is not among ``formats`` and for a batch,
    ///   ``CloudEventError/Code/duplicate`` for a header that is there twice (C3).
    public func decode(_ message: KafkaMessage) throws(CloudEventError) -> CloudEvent {
        let contentType = try contentType(of: message)
        switch ContentMode(contentType: contentType) {
        case .structured:
            return try structuredEvent(message.value, contentType: contentType ?? "", rule: "K4")
        case .batched:
            throw CloudEventError(
                .unsupportedFormat,
                "the Kafka binding has no batches; send each event as a message of its own",
                rule: "K1"
            )
        case .binary:
            return try binaryEvent(message, contentType: contentType)
        }
    }

    private func contentType(of message: KafkaMessage) throws(CloudEventError) -> String? {
        let headers = message.headers.filter { $0.key == Self.contentType }
        guard headers.count <= 1 else {
            throw CloudEventError(
                .duplicate,
                "the message has several headers content-type; send one",
                attribute: Self.contentType,
                rule: "K1"
            )
        }
        guard let header = headers.first else { return nil }
        return try text(of: header, .dataContentType)
    }

    private func binaryEvent(_ message: KafkaMessage, contentType: String?) throws(CloudEventError) -> CloudEvent {
        var received = ReceivedAttributes(.kafka, of: self)
        for header in message.headers where header.key.utf8.starts(with: Self.prefix.utf8) {
            let name = try AttributeNaming.kafka.name(String(header.key.utf8Suffix(from: 3)))
            try received.add(name, text: try text(of: header, name))
        }
        try received.setContentType(contentType)
        return try received.event(payload: message.value)
    }

    /// The text of an attribute's header, which is UTF-8 (K2).
    private func text(of header: KafkaHeader, _ name: AttributeName) throws(CloudEventError) -> String {
        if let value = header.value, let text = String(validatingUTF8: value) { return text }
        throw AttributeNaming.kafka.placing(
            CloudEventError(
                .invalidValue,
                "the header's value is \(header.value == nil ? "null" : "not valid UTF-8"); send text in UTF-8",
                attribute: name.string,
                rule: "K2"
            )
        )
    }
}

// MARK: - Encoding

extension KafkaBinding {
    /// Writes an event as a message.
    ///
    /// In binary mode a JSON value without a content type gets `application/json` (C15), attributes that are not text
    /// become their canonical text (C14) in UTF-8, and absent data is a null value (K2). Structured mode has the same
    /// key, and its value is never null.
    ///
    /// - Parameters:
    ///   - event: the event; it is never changed (K3).
    ///   - mode: how the message carries it.
    ///   - key: the record's key where the ``keyMapper`` gives none.
    /// - Throws: ``CloudEventError`` where the format of structured mode cannot write the event.
    public func encode(
        _ event: CloudEvent,
        as mode: MessageMode = .binary,
        key: SharedBytes? = nil
    ) throws(CloudEventError) -> KafkaMessage {
        let key = keyMapper.key(event) ?? key
        if let format = mode.format {
            return KafkaMessage(
                key: key,
                value: try format.encode(event),
                headers: [KafkaHeader(Self.contentType, format.contentType)]
            )
        }
        var headers = event.headerAttributes.map {
            KafkaHeader(Self.prefix + $0.name.string, $0.value.canonicalString)
        }
        if let contentType = event.messageContentType { headers.append(KafkaHeader(Self.contentType, contentType)) }
        return KafkaMessage(key: key, value: event.messagePayload, headers: headers)
    }
}
