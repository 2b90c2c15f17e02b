// SPDX-License-Identifier: Apache-2.0

/// The Avro event format of CloudEvents 1.0 (V1 to V4): events from and to records of the specification's schema
/// `io.cloudevents.CloudEvent` in Avro's binary encoding.
///
/// There is no schema, fingerprint or file header before the record. It is a value without state: make one wherever it is
/// needed, use it from any thread. What the format does with data is in <doc:AvroFormat>.
public struct AvroEventFormat: EventFormat {
    /// `application/cloudevents+avro`
    public var contentType: String { "application/cloudevents+avro" }

    /// How much a decoder takes before it refuses the input.
    public var limits: CodecLimits

    /// The types of extension attributes that are known beforehand.
    ///
    /// URIs and timestamps are strings in Avro (V2): an extension of such a type is read as a String unless its type is
    /// declared here.
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

extension AvroEventFormat {
    /// Reads one event.
    ///
    /// `bytes` stay bytes and share the buffer of the input, as text does; keep an event for long as
    /// ``CloudEvent/detached()``. Maps, arrays, doubles and booleans become JSON text, a `string` too where the content
    /// type means JSON or is not there (J6). `null` is absent data.
    ///
    /// - Throws: ``CloudEventError``: `malformed` with the byte's place where the bytes are no such record or go on
    ///   behind it; with the attribute and the rule where it is no event; `invalidData` for a double that JSON does not
    ///   have and for a map with a key twice (V3). For any bytes, never a trap.
    public func decode(_ bytes: SharedBytes) throws(CloudEventError) -> CloudEvent {
        guard bytes.count <= limits.eventBytes else { throw limits.eventTooLarge(offset: nil) }
        defer { withExtendedLifetime(bytes) {} }
        var decoder = AvroEventDecoder(bytes, format: self)
        return try decoder.event()
    }

    /// Writes one event.
    ///
    /// Bytes become `bytes` and text a `string`. A JSON value is written in the types of the schema where these can
    /// carry it: an object of scalars and such objects, or an array of objects, with numbers that a double keeps. Any
    /// other JSON, `null` among it, is written as `bytes` with all its digits, and gets the content type
    /// `application/json` where it has none (C15).
    ///
    /// - Throws: ``CloudEventError`` with ``CloudEventError/Code/notRepresentable`` where an object in the data has a
    ///   member twice (V3).
    public func encode(_ event: CloudEvent) throws(CloudEventError) -> SharedBytes {
        var writer = WireWriter(capacity: 512 + event.data.bytes.count)
        try AvroEventEncoder.write(event, to: &writer)
        return writer.finish()
    }
}
