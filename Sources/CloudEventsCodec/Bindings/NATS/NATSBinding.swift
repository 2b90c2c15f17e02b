// SPDX-License-Identifier: Apache-2.0

/// The NATS binding (N1 to N3): events from and to NATS messages.
///
/// It is a value without state and opens no connection: fill a ``NATSMessage`` from whatever library speaks NATS.
/// Binary mode needs headers, which servers have from version 2.2 on (N1). There are no batches: a message is one
/// event.
public struct NATSBinding: Sendable, MessageBinding {
    /// The formats that structured mode is read in.
    public var formats: EventFormats

    /// How much is read before a message is refused. The formats have limits of their own besides.
    public var limits: CodecLimits

    /// The types of extension attributes that are known beforehand; others are Strings, since headers are text (C14).
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

    private static let contentType = "content-type"
    private static let prefix = "ce-"
    private static let json = "application/cloudevents+json"
}

// MARK: - Decoding

extension NATSBinding {
    /// How a message carries an event (N1, N3).
    ///
    /// A content type of CloudEvents means structured mode, a header that begins with `ce-` binary mode. A message with
    /// neither, and without another content type, can only be structured JSON, as version 1.0.2 of the binding has it:
    /// whether it is an event, decoding tells. `nil` is a message with another content type. A batch is told too, but
    /// no batch can be read.
    public func contentMode(of message: NATSMessage) -> ContentMode? {
        mode(of: message, contentType: message.headers.values(of: Self.contentType).first)
    }

    private func mode(of message: NATSMessage, contentType: String?) -> ContentMode? {
        let mode = ContentMode(contentType: contentType)
        guard mode == .binary else { return mode }
        if message.headers.contains(where: { HeaderText.hasPrefix($0.name, Self.prefix) }) { return .binary }
        return contentType == nil ? .structured : nil
    }

    /// Reads the event of a message in binary or structured mode.
    ///
    /// The event's data shares the buffer of the payload. In binary mode the content type of the data is the header
    /// `ce-datacontenttype`, as any other attribute (N2).
    ///
    /// - Throws: ``CloudEventError`` with the header and the rule: among others
    ///   ``CloudEventError/Code/unsupportedFormat`` for a format that is not among ``formats`` and for a batch,
    ///   ``CloudEventError/Code/duplicate`` for a header that is there twice (C3).
    public func decode(_ message: NATSMessage) throws(CloudEventError) -> CloudEvent {
        let contentType = try message.headers.singleValue(of: Self.contentType, rule: "N3")
        switch mode(of: message, contentType: contentType) {
        case .structured:
            return try structuredEvent(message.payload, contentType: Self.format(contentType), rule: "N3")
        case .batched:
            throw CloudEventError(
                .unsupportedFormat,
                "the NATS binding has no batches; send each event as a message of its own",
                rule: "N3"
            )
        case .binary:
            return try binaryEvent(message)
        case nil:
            throw CloudEventError(
                .missingAttribute,
                "the message is no event: it has neither a content type of CloudEvents nor a header ce-specversion",
                attribute: AttributeName.specVersion.string,
                rule: "N2"
            )
        }
    }

    /// The content type of the format of structured mode: JSON where the message names none (N3).
    private static func format(_ contentType: String?) -> String {
        guard let contentType else { return json }
        return (try? MediaType(contentType).essence) == "application/cloudevents" ? json : contentType
    }

    private func binaryEvent(_ message: NATSMessage) throws(CloudEventError) -> CloudEvent {
        var received = ReceivedAttributes(.nats, of: self)
        for header in message.headers where HeaderText.hasPrefix(header.name, Self.prefix) {
            let name = try AttributeNaming.nats.name(HeaderText.lowercased(header.name.utf8Suffix(from: 3)))
            try received.add(name, encoded: header.value)
        }
        return try received.event(payload: message.payload.flatMap { $0.isEmpty ? nil : $0 })
    }
}

// MARK: - Encoding

extension NATSBinding {
    /// Writes an event as a message.
    ///
    /// In binary mode a JSON value without a content type gets `application/json` (C15), and attributes that are not
    /// text become their canonical text (C14), percent-encoded as in HTTP (N2).
    ///
    /// - Throws: ``CloudEventError`` where the format of structured mode cannot write the event.
    public func encode(
        _ event: CloudEvent,
        as mode: MessageMode = .binary
    ) throws(CloudEventError) -> NATSMessage {
        if let format = mode.format {
            return NATSMessage(
                headers: [MessageHeader(Self.contentType, format.contentType)],
                payload: try format.encode(event)
            )
        }
        var headers = event.headerAttributes.map {
            MessageHeader(Self.prefix + $0.name.string, HTTPHeaderValue.encode($0.value.canonicalString))
        }
        if let contentType = event.messageContentType {
            let name = Self.prefix + AttributeName.dataContentType.string
            headers.append(MessageHeader(name, HTTPHeaderValue.encode(contentType)))
        }
        return NATSMessage(headers: headers, payload: event.messagePayload)
    }
}
