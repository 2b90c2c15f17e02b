// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// The record as a CloudEvent in JSON: attributes and data in the bytes. See ``RecordFormat/cloudEventsStructured``.
public struct StructuredEventFormat: RecordFormat {
    /// Choices of the mapping between record and event.
    public var options: EventOptions

    /// The format; data held as bytes is written as what its content type says, unless `options` say otherwise.
    public init(options: EventOptions = .readableData) {
        self.options = options
    }

    /// `cloudevents-structured`
    public var name: String { "cloudevents-structured" }

    /// Writes the event as JSON. Key and headers are in the event; the key is given to the transport too.
    public func encode(_ record: ConnectorRecord, defaults: EventDefaults) throws -> EncodedRecord {
        let event = try record.event(defaults: defaults, options: options.union(.carried))
        do {
            return EncodedRecord(
                try JSONEventFormat().encode(event),
                key: try record.key?.transported(),
                contentType: JSONEventFormat().contentType
            )
        } catch let error as CloudEventError {
            throw ConnectorError(
                .invalidRecord,
                "the event cannot be written as JSON: \(error)",
                position: record.position
            )
        }
    }

    /// Reads an event in JSON. The transport's key counts where the event has none; the transport's headers come behind
    /// the event's.
    ///
    /// - Throws: ``ConnectorError`` with the code `invalidRecord` that names the attribute and the byte's place.
    public func decode(_ encoded: EncodedRecord) throws -> ConnectorRecord {
        let event: CloudEvent
        do {
            event = try JSONEventFormat().decode(encoded.bytes)
        } catch {
            throw ConnectorError(.invalidRecord, "the bytes are not a CloudEvent in JSON: \(error)")
        }
        var record = ConnectorRecord(event: event, options: options)
        if record.key == nil, let key = encoded.key { record.key = .text(utf8: key) ?? .bytes(key) }
        if !encoded.headers.isEmpty { record.headers += encoded.headers }
        return record
    }
}

extension RecordFormat where Self == StructuredEventFormat {
    /// The record as a CloudEvent in JSON.
    public static var cloudEventsStructured: StructuredEventFormat { StructuredEventFormat() }
}
