// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// The payload as it is: bytes, the UTF-8 of a text, the text of JSON. It reads bytes. See ``RecordFormat/raw``.
public struct RawFormat: RecordFormat {
    /// The format; it has no choices.
    public init() {}

    /// `raw`
    public var name: String { "raw" }

    /// Writes the payload's bytes; a structured value as JSON.
    public func encode(_ record: ConnectorRecord, defaults: EventDefaults) throws -> EncodedRecord {
        let bytes = try record.data.transported()
        return EncodedRecord(
            bytes ?? .init(),
            key: try record.key?.transported(),
            headers: record.headers,
            contentType: record.contentType,
            isAbsent: bytes == nil
        )
    }

    /// Reads bytes; never throws.
    public func decode(_ encoded: EncodedRecord) throws -> ConnectorRecord {
        ConnectorRecord(
            encoded.isAbsent ? .absent : .bytes(encoded.bytes),
            key: encoded.key.map { .bytes($0) },
            of: encoded
        )
    }
}

extension RecordFormat where Self == RawFormat {
    /// The payload as it is.
    public static var raw: RawFormat { RawFormat() }
}
