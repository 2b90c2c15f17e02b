// SPDX-License-Identifier: Apache-2.0

/// The Protocol Buffers event format of CloudEvents 1.0 (P1 to P7): events and batches from and to messages of the
/// specification's schema `io.cloudevents.v1`.
///
/// All seven types of attributes keep their types. It is a value without state: make one wherever it is needed, use it
/// from any thread. What the format does with data and with times is in <doc:ProtobufFormat>.
public struct ProtobufEventFormat: EventFormat {
    /// `application/cloudevents+protobuf`
    public var contentType: String { "application/cloudevents+protobuf" }

    /// `application/cloudevents-batch+protobuf`
    public var batchContentType: String? { "application/cloudevents-batch+protobuf" }

    /// How much a decoder takes before it refuses the input.
    ///
    /// ``CodecLimits/nestingDepth`` counts the groups in fields that are not known; the format itself does not nest.
    public var limits: CodecLimits

    /// Makes a format.
    ///
    /// - Parameter limits: how much a decoder takes.
    public init(limits: CodecLimits = CodecLimits()) {
        self.limits = limits
    }
}

// MARK: - Decoding

extension ProtobufEventFormat {
    /// Reads one event: a message `CloudEvent` (P1).
    ///
    /// The event's data shares the buffer of `bytes`; keep an event for long as ``CloudEvent/detached()``. `text_data`
    /// becomes text, JSON included; `binary_data` bytes; of `proto_data` the message's bytes, with `application/protobuf`
    /// as content type and the type URL as `dataschema` where these are not given (P3).
    ///
    /// - Throws: ``CloudEventError``: `malformed` with the byte's place where the bytes are no message, or with the
    ///   attribute and the rule where it is no event: a core attribute of a wrong type (P7), an attribute without a
    ///   value (P6), twice (C3) or in the wrong place (P1). For any bytes, never a trap.
    public func decode(_ bytes: SharedBytes) throws(CloudEventError) -> CloudEvent {
        guard bytes.count <= limits.eventBytes else { throw limits.eventTooLarge(offset: nil) }
        defer { withExtendedLifetime(bytes) {} }
        var decoder = ProtobufEventDecoder(WireReader(bytes.unsafeBytes), in: bytes, limits: limits)
        return try decoder.event()
    }

    /// Reads a batch: a message `CloudEventBatch`, possibly empty (P5).
    ///
    /// The events' data shares the buffer of `bytes`.
    ///
    /// - Throws: ``CloudEventError`` where the message or any of its events is not valid, or a limit is exceeded.
    public func decodeBatch(_ bytes: SharedBytes) throws(CloudEventError) -> [CloudEvent] {
        guard bytes.count <= limits.batchBytes else {
            throw CloudEventError(.limitExceeded, "the batch is larger than the limit of \(limits.batchBytes) bytes")
        }
        defer { withExtendedLifetime(bytes) {} }
        var reader = WireReader(bytes.unsafeBytes)
        var events: [CloudEvent] = []
        while let field = try reader.nextField() {
            guard field.number == 1, field.wireType == .lengthDelimited else {
                try reader.skip(field, maximumDepth: limits.nestingDepth)
                continue
            }
            guard events.count < limits.batchEvents else {
                throw CloudEventError(
                    .limitExceeded,
                    "the batch has more events than the limit of \(limits.batchEvents)",
                    offset: field.offset
                )
            }
            let range = try reader.lengthDelimited()
            guard range.count <= limits.eventBytes else { throw limits.eventTooLarge(offset: field.offset) }
            var decoder = ProtobufEventDecoder(reader.within(range), in: bytes, limits: limits)
            events.append(try decoder.event())
        }
        return events
    }
}

// MARK: - Encoding

extension ProtobufEventFormat {
    /// Writes one event as a message `CloudEvent`.
    ///
    /// Text and JSON become `text_data`, bytes `binary_data` (P4), except bytes with the content type
    /// `application/protobuf` and a `dataschema` that ends in the full name of a message: these become `proto_data` (P3).
    /// JSON without a content type gets `application/json`, since nothing else would say what the text is (C15).
    /// Of a time the instant is written: the local offset and the number of digits are lost.
    ///
    /// - Throws: ``CloudEventError`` with ``CloudEventError/Code/notRepresentable`` where a time is a leap second, has
    ///   parts of a nanosecond, or is not in the years 0001 to 9999 (P2).
    public func encode(_ event: CloudEvent) throws(CloudEventError) -> SharedBytes {
        var writer = WireWriter(capacity: 512 + event.data.bytes.count)
        try ProtobufEventEncoder.write(event, to: &writer)
        return writer.finish()
    }

    /// Writes a batch as a message `CloudEventBatch` (P5).
    ///
    /// - Throws: as ``encode(_:)``, for the first event that cannot be written.
    public func encodeBatch(_ events: [CloudEvent]) throws(CloudEventError) -> SharedBytes {
        var writer = WireWriter(capacity: 4096)
        for event in events { writer.lengthDelimited(1, try encode(event)) }
        return writer.finish()
    }
}
