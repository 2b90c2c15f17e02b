// SPDX-License-Identifier: Apache-2.0

/// The HTTP binding (H1 to H12): events from and to HTTP messages, requests as well as responses (H11).
///
/// It is a value without state and opens no connection: fill an ``HTTPMessage`` from whatever library speaks HTTP.
public struct HTTPBinding: Sendable, MessageBinding {
    /// The formats that structured and batched mode are read in.
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

    static let contentType = "content-type"
    static let prefix = "ce-"
}

// MARK: - Decoding

extension HTTPBinding {
    /// How a message carries events; `nil` where it carries none: it has neither a content type of CloudEvents nor a
    /// header that begins with `ce-` (H1, H12).
    public func contentMode(of message: HTTPMessage) -> ContentMode? {
        let mode = ContentMode(contentType: message.headers.values(of: Self.contentType).first)
        guard mode == .binary else { return mode }
        return message.headers.contains { HeaderText.hasPrefix($0.name, Self.prefix) } ? .binary : nil
    }

    /// Reads the one event of a message in binary or structured mode.
    ///
    /// The event's data shares the buffer of the body. In structured mode headers that repeat attributes are not looked
    /// at (H10).
    ///
    /// - Throws: ``CloudEventError`` with the header and the rule: among others
    ///   ``CloudEventError/Code/unsupportedFormat`` for a format that is not among ``formats`` (H4) and for a batch,
    ///   ``CloudEventError/Code/duplicate`` for a header that is there twice (C3),
    ///   ``CloudEventError/Code/missingAttribute`` for a message that is no event (H12).
    public func decode(_ message: HTTPMessage) throws(CloudEventError) -> CloudEvent {
        if let event = usualBinaryEvent(message) { return event }
        let contentType = try message.headers.singleValue(of: Self.contentType, rule: "H5")
        switch ContentMode(contentType: contentType) {
        case .structured:
            return try structuredEvent(message.body, contentType: contentType ?? "", rule: "H4")
        case .batched:
            throw CloudEventError(.unsupportedFormat, "the message is a batch; read it with decodeBatch", rule: "H1")
        case .binary:
            return try binaryEvent(message, contentType: contentType)
        }
    }

    /// Reads the events of a message in batched mode, possibly none (H3).
    ///
    /// - Throws: ``CloudEventError`` for the first event that is refused; with
    ///   ``CloudEventError/Code/unsupportedFormat`` where the message is no batch or its format is not among
    ///   ``formats``.
    public func decodeBatch(_ message: HTTPMessage) throws(CloudEventError) -> [CloudEvent] {
        let contentType = try message.headers.singleValue(of: Self.contentType, rule: "H1")
        guard ContentMode(contentType: contentType) == .batched else {
            throw CloudEventError(.unsupportedFormat, "the message is no batch; read it with decode", rule: "H1")
        }
        return try batchedEvents(message.body, contentType: contentType ?? "", rule: "H4")
    }
}

// MARK: - Encoding

extension HTTPBinding {
    /// Writes an event as a message: headers with lower-case names, and the body.
    ///
    /// In binary mode a JSON value without a content type gets `application/json` (C15), and attributes that are not
    /// text become their canonical text (C14), percent-encoded (H7). Absent data has no body.
    ///
    /// - Throws: ``CloudEventError`` where the format of structured mode cannot write the event.
    public func encode(
        _ event: CloudEvent,
        as mode: MessageMode = .binary
    ) throws(CloudEventError) -> HTTPMessage {
        if let format = mode.format {
            return HTTPMessage(
                headers: [MessageHeader(Self.contentType, format.contentType)],
                body: try format.encode(event)
            )
        }
        return HTTPMessage(headers: binaryHeaders(of: event), body: event.messagePayload)
    }

    /// Writes events as one message in batched mode. It must not be sent to a receiver that did not ask for batches
    /// (H3).
    ///
    /// - Throws: ``CloudEventError`` for the first event that cannot be written; always where the format has no
    ///   batches.
    public func encodeBatch(
        _ events: [CloudEvent],
        as format: some EventFormat = JSONEventFormat()
    ) throws(CloudEventError) -> HTTPMessage {
        let body = try format.encodeBatch(events)
        return HTTPMessage(
            headers: [MessageHeader(Self.contentType, format.batchContentType ?? format.contentType)],
            body: body
        )
    }
}
