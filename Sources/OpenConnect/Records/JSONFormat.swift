// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// The payload as one JSON value. See ``RecordFormat/json``.
public struct JSONFormat: RecordFormat {
    /// The format; it has no choices.
    public init() {}

    /// `json`
    public var name: String { "json" }

    /// Writes JSON, a structured value as JSON, or text and bytes that hold JSON; the content type is
    /// `application/json` unless the record has one.
    ///
    /// To write a text as a JSON string, make it a structured value.
    public func encode(_ record: ConnectorRecord, defaults: EventDefaults) throws -> EncodedRecord {
        var bytes = try record.data.transported()
        switch record.data.form {
        case .bytes, .text: bytes = try bytes.map { try RecordData.json($0).payload }
        case .absent, .json, .structured: break
        }
        return EncodedRecord(
            bytes ?? .init(),
            key: try record.key?.transported(),
            headers: record.headers,
            contentType: record.contentType ?? (bytes == nil ? nil : "application/json"),
            isAbsent: bytes == nil
        )
    }

    /// Reads JSON and keeps its text. A key that is not UTF-8 is read as bytes.
    ///
    /// - Throws: ``ConnectorError`` with the code `invalidRecord` and the byte's place where the payload is not JSON.
    public func decode(_ encoded: EncodedRecord) throws -> ConnectorRecord {
        ConnectorRecord(
            encoded.isAbsent ? .absent : try .json(encoded.bytes),
            key: encoded.key.map { .text(utf8: $0) ?? .bytes($0) },
            of: encoded
        )
    }
}

extension RecordFormat where Self == JSONFormat {
    /// The payload as one JSON value.
    public static var json: JSONFormat { JSONFormat() }
}
