// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// The payload as UTF-8 text. See ``RecordFormat/text``.
public struct TextFormat: RecordFormat {
    /// The format; it has no choices.
    public init() {}

    /// `text`
    public var name: String { "text" }

    /// Writes a text, JSON, or bytes that are valid UTF-8; the content type is `text/plain` unless the record has one.
    public func encode(_ record: ConnectorRecord, defaults: EventDefaults) throws -> EncodedRecord {
        let bytes = try record.data.transported()
        if record.data.form == .bytes, let bytes { try Self.check(bytes) }
        return EncodedRecord(
            bytes ?? .init(),
            key: try record.key?.transported(),
            headers: record.headers,
            contentType: record.contentType ?? (bytes == nil ? nil : "text/plain"),
            isAbsent: bytes == nil
        )
    }

    /// Reads a text. A key that is not UTF-8 is read as bytes.
    ///
    /// - Throws: ``ConnectorError`` with the code `invalidRecord` and the byte's place where the payload is not UTF-8.
    public func decode(_ encoded: EncodedRecord) throws -> ConnectorRecord {
        try Self.check(encoded.bytes)
        return ConnectorRecord(
            encoded.isAbsent ? .absent : RecordData(form: .text, payload: encoded.bytes),
            key: encoded.key.map { .text(utf8: $0) ?? .bytes($0) },
            of: encoded
        )
    }

    private static func check(_ bytes: SharedBytes) throws {
        if bytes.withUnsafeBytes(isValidUTF8) { return }
        throw ConnectorError(
            .invalidRecord,
            "the text is not valid UTF-8 (byte \(place(in: bytes))); use the format raw for bytes"
        )
    }

    /// Where the first sequence that is not valid begins.
    private static func place(in bytes: SharedBytes) -> Int {
        var parser = UTF8.ForwardParser()
        var rest = bytes.makeIterator()
        var place = 0
        while case .valid(let sequence) = parser.parseScalar(from: &rest) { place += sequence.count }
        return place
    }
}

extension RecordFormat where Self == TextFormat {
    /// The payload as UTF-8 text.
    public static var text: TextFormat { TextFormat() }
}
