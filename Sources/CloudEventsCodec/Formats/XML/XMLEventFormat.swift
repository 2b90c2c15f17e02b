// SPDX-License-Identifier: Apache-2.0

/// The XML event format of CloudEvents (X1 to X8): events and batches from and to UTF-8 XML 1.0 documents.
///
/// It is a value without state: make one wherever it is needed, use it from any thread. All attributes keep their
/// types, extensions included (X3). <doc:XMLFormat> says how events are written, what is read and what is refused.
public struct XMLEventFormat: EventFormat {
    /// `application/cloudevents+xml`
    public var contentType: String { "application/cloudevents+xml" }

    /// `application/cloudevents-batch+xml`
    public var batchContentType: String? { "application/cloudevents-batch+xml" }

    /// How much a decoder takes before it refuses the input. Each element counts as a level of nesting, those of the
    /// event and of the batch included.
    public var limits: CodecLimits

    /// Makes a format.
    ///
    /// - Parameter limits: how much a decoder takes.
    public init(limits: CodecLimits = CodecLimits()) {
        self.limits = limits
    }
}

// MARK: - Decoding

extension XMLEventFormat {
    /// Reads one event.
    ///
    /// Data of type `xs:string` is text, of `xs:base64Binary` bytes, and of `xs:any` the text of the one element in it
    /// (X5). The event's data shares the buffer of `bytes` where it stands there as it is; keep an event for long as
    /// ``CloudEvent/detached()``. Elements and attributes of other namespaces are ignored (X6).
    ///
    /// - Parameter bytes: an XML document in UTF-8, with or without XML declaration, without DOCTYPE.
    /// - Throws: ``CloudEventError`` with the rule, the attribute and the byte's place; for any bytes, never a trap.
    public func decode(_ bytes: SharedBytes) throws(CloudEventError) -> CloudEvent {
        guard bytes.count <= limits.eventBytes else { throw limits.eventTooLarge(offset: nil) }
        defer { withExtendedLifetime(bytes) {} }
        var decoder = XMLEventDecoder(bytes, limits: limits)
        return try decoder.eventDocument()
    }

    /// Reads a batch: a `batch` element with events, possibly none (X8).
    ///
    /// The events' data shares the buffer of `bytes`.
    ///
    /// - Throws: ``CloudEventError`` where the document or any of its events is not valid, or a limit is exceeded.
    public func decodeBatch(_ bytes: SharedBytes) throws(CloudEventError) -> [CloudEvent] {
        guard bytes.count <= limits.batchBytes else {
            throw CloudEventError(.limitExceeded, "the batch is larger than the limit of \(limits.batchBytes) bytes")
        }
        defer { withExtendedLifetime(bytes) {} }
        var decoder = XMLEventDecoder(bytes, limits: limits)
        return try decoder.batchDocument()
    }
}

// MARK: - Encoding

extension XMLEventFormat {
    /// Writes one event as an XML document without white space between elements.
    ///
    /// Text and JSON become `xs:string`, bytes `xs:base64Binary`; text and bytes that are one XML element, and whose
    /// content type says so, become `xs:any` (X5). JSON without a content type is given `application/json` (C15). Text
    /// with characters that XML does not have becomes `xs:base64Binary`, so that no byte of it is lost.
    ///
    /// - Throws: ``CloudEventError`` with ``CloudEventError/Code/notRepresentable`` where an attribute's name begins
    ///   with a digit, which no XML name does (X3), or the data is JSON but the content type says something else (X5).
    public func encode(_ event: CloudEvent) throws(CloudEventError) -> SharedBytes {
        var writer = JSONWriter(capacity: 1024 + event.data.bytes.count)
        XMLEventEncoder.writeStart("event", to: &writer)
        try XMLEventEncoder.writeContent(of: event, limits: limits, to: &writer)
        writer.writeRaw("</ce:event>")
        return writer.finish()
    }

    /// Writes a batch as an XML document (X8).
    ///
    /// - Throws: as ``encode(_:)``, for the first event that cannot be written.
    public func encodeBatch(_ events: [CloudEvent]) throws(CloudEventError) -> SharedBytes {
        var writer = JSONWriter()
        XMLEventEncoder.writeStart("batch", to: &writer)
        writer.writeRaw(">")
        for event in events {
            writer.writeRaw("<ce:event")
            try XMLEventEncoder.writeContent(of: event, limits: limits, to: &writer)
            writer.writeRaw("</ce:event>")
        }
        writer.writeRaw("</ce:batch>")
        return writer.finish()
    }
}
