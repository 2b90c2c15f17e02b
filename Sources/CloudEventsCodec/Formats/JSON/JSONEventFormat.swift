// SPDX-License-Identifier: Apache-2.0

/// The JSON event format of CloudEvents 1.0 (J1 to J13): events and batches from and to UTF-8 text.
///
/// It is a value without state: make one wherever it is needed, use it from any thread.
public struct JSONEventFormat: EventFormat {
    /// `application/cloudevents+json`
    public var contentType: String { "application/cloudevents+json" }

    /// `application/cloudevents-batch+json`
    public var batchContentType: String? { "application/cloudevents-batch+json" }

    /// How much a decoder takes before it refuses the input.
    public var limits: CodecLimits

    /// The types of extension attributes that are known beforehand.
    ///
    /// JSON has no form of its own for binary values, URIs and timestamps: an extension of such a type is read as a
    /// String (J11) unless its type is declared here.
    public var extensionTypes: [AttributeName: AttributeType]

    /// Makes a format.
    ///
    /// - Parameters:
    ///   - limits: how much a decoder takes.
    ///   - extensionTypes: the types of extension attributes that are known beforehand.
    public init(limits: CodecLimits = CodecLimits(), extensionTypes: [AttributeName: AttributeType] = [:]) {
        self.limits = limits
        self.extensionTypes = extensionTypes
    }
}

// MARK: - Decoding

extension JSONEventFormat {
    /// Reads one event.
    ///
    /// The event shares the buffer of `bytes`, its attributes as well as its data; only what was base64 or has escapes is
    /// copied. Keep an event for long as ``CloudEvent/detached()``. Members that the specification calls an error are refused: duplicates, names
    /// that no attribute can have, values of a wrong type, `data` beside `data_base64`.
    ///
    /// - Parameter bytes: a JSON object in UTF-8, with white space around it at most.
    /// - Throws: ``CloudEventError`` with the rule, the attribute and the byte's place; for any bytes, never a trap.
    public func decode(_ bytes: SharedBytes) throws(CloudEventError) -> CloudEvent {
        try bytes.withUnsafeBytes { buffer throws(CloudEventError) in try decode(buffer, sharing: bytes.storage) }
    }

    /// Reads one event from an array, which is copied once, into the event, when the event is known to be valid.
    ///
    /// - Throws: as ``decode(_:)-(SharedBytes)``.
    public func decode(_ bytes: [UInt8]) throws(CloudEventError) -> CloudEvent {
        // An array has no other errors to pass on.
        let result: Result<CloudEvent, CloudEventError> = bytes.withUnsafeBytes { buffer in
            do throws(CloudEventError) { return .success(try decode(buffer, sharing: nil)) } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Reads one event from memory, which is copied once, when the event is known to be valid.
    ///
    /// - Throws: as ``decode(_:)-(SharedBytes)``.
    public func decode(_ bytes: UnsafeRawBufferPointer) throws(CloudEventError) -> CloudEvent {
        try decode(bytes, sharing: nil)
    }

    private func decode(
        _ bytes: UnsafeRawBufferPointer,
        sharing storage: SharedByteStorage?
    ) throws(CloudEventError) -> CloudEvent {
        guard bytes.count <= limits.eventBytes else { throw limits.eventTooLarge(offset: nil) }
        var decoder = JSONEventDecoder(bytes, sharing: storage, format: self)
        do throws(Refusal) { return try decoder.event() } catch { throw decoder.error(error) }
    }

    /// Reads a batch: an array of events, possibly empty (J13).
    ///
    /// The events share the buffer of `bytes`, as one read alone does.
    ///
    /// - Throws: ``CloudEventError`` where the text or any of its events is not valid, or a limit is exceeded.
    public func decodeBatch(_ bytes: SharedBytes) throws(CloudEventError) -> [CloudEvent] {
        guard bytes.count <= limits.batchBytes else { throw limits.batchTooLarge() }
        return try bytes.withUnsafeBytes { buffer throws(CloudEventError) in
            var decoder = JSONEventDecoder(buffer, sharing: bytes.storage, format: self)
            do throws(Refusal) { return try decoder.batch() } catch { throw decoder.error(error) }
        }
    }

    /// Reads a batch from an array, which is copied once; the events share the copy.
    ///
    /// - Throws: as ``decodeBatch(_:)-(SharedBytes)``.
    public func decodeBatch(_ bytes: [UInt8]) throws(CloudEventError) -> [CloudEvent] {
        try decodeBatch(SharedBytes(bytes))
    }
}

// MARK: - Encoding

extension JSONEventFormat {
    /// Writes one event as a JSON object without white space.
    ///
    /// Bytes become `data_base64` (J4), a JSON value goes in as it is (J5), text becomes a string (J7); text whose
    /// content type means JSON goes in as the JSON value that it holds (J5). Text without a content type becomes a
    /// string too, which a reader takes for a JSON string (J6): give text a content type. Bytes that a message in
    /// binary mode brought as JSON go in as the value that they are.
    ///
    /// What is not known to be JSON yet is taken for it as deep as ``limits`` allow a decoder to read it: bytes that are
    /// nested deeper become `data_base64`, text is refused.
    ///
    /// - Throws: ``CloudEventError`` with ``CloudEventError/Code/notRepresentable`` where the data is a JSON value
    ///   other than a string but the content type is not JSON (J7), or the content type is JSON but the text is
    ///   not, or too deep (J5).
    public func encode(_ event: CloudEvent) throws(CloudEventError) -> SharedBytes {
        var writer = JSONWriter(capacity: 512 + event.data.bytes.count)
        try encode(event, into: &writer)
        return writer.finish()
    }

    /// Writes one event at the end of an array; on an error the array stays as it is.
    ///
    /// - Throws: as ``encode(_:)``.
    public func encode(_ event: CloudEvent, into output: inout [UInt8]) throws(CloudEventError) {
        let bytes = try encode(event)
        bytes.withUnsafeBytes { output.append(contentsOf: $0) }
    }

    /// Writes a batch as a JSON array (J13).
    ///
    /// - Throws: as ``encode(_:)``, for the first event that cannot be written.
    public func encodeBatch(_ events: [CloudEvent]) throws(CloudEventError) -> SharedBytes {
        var writer = JSONWriter()
        writer.writeRaw(UInt8(ascii: "["))
        var isFirst = true
        for event in events {
            if !isFirst { writer.writeRaw(UInt8(ascii: ",")) }
            isFirst = false
            try encode(event, into: &writer)
        }
        writer.writeRaw(UInt8(ascii: "]"))
        return writer.finish()
    }

    /// Writes a batch at the end of an array; on an error the array stays as it is.
    ///
    /// - Throws: as ``encodeBatch(_:)``.
    public func encodeBatch(
        _ events: [CloudEvent],
        into output: inout [UInt8]
    ) throws(CloudEventError) {
        let bytes = try encodeBatch(events)
        bytes.withUnsafeBytes { output.append(contentsOf: $0) }
    }

    /// Writes one event behind what a writer holds; on an error the writer stays as it is.
    package func encode(_ event: CloudEvent, into writer: inout JSONWriter) throws(CloudEventError) {
        let start = writer.count
        do throws(CloudEventError) {
            try JSONEventEncoder.write(event, maximumDepth: limits.dataDepth, to: &writer)
        } catch {
            writer.truncate(to: start)
            throw error
        }
    }
}
