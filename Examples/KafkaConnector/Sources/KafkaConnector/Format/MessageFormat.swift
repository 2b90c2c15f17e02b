// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// How records become messages of Kafka, and back: the Kafka protocol binding of CloudEvents 1.0.2, or no events at all.
public struct MessageFormat: Sendable, Hashable {
    enum Kind: String, CaseIterable, SettingValue {
        case auto, binary = "cloudevents-binary", structured = "cloudevents-structured", raw, json
    }

    let kind: Kind

    init(_ kind: Kind) { self.kind = kind }

    /// Reads events in both content modes by their headers, and anything else as ``raw``; writes ``binary``.
    public static let auto = MessageFormat(.auto)
    /// An event whose attributes are headers that begin with `ce_` and whose data is the value (section 3.2).
    public static let binary = MessageFormat(.binary)
    /// An event in JSON as the value (section 3.3).
    public static let structured = MessageFormat(.structured)
    /// Key, headers and value as they are.
    public static let raw = MessageFormat(.raw)
    /// The value is JSON.
    public static let json = MessageFormat(.json)

    private static let contentType = "content-type"
    private static let specVersion = "ce_specversion"
    private static let structuredMediaType = "application/cloudevents"

    private func format(_ message: EncodedRecord) -> any RecordFormat {
        switch kind {
        case .binary: .cloudEventsBinary
        case .structured: .cloudEventsStructured
        case .raw: .raw
        case .json: .json
        case .auto:
            if Self.isStructured(message.contentType) {
                .cloudEventsStructured
            } else if message.headers.contains(where: { $0.name == Self.specVersion }) {
                .cloudEventsBinary
            } else {
                .raw
            }
        }
    }

    private static func isStructured(_ contentType: String?) -> Bool {
        guard let contentType else { return false }
        return contentType.prefix(structuredMediaType.count).lowercased() == structuredMediaType
    }

    /// The message of a record; its content type stands among the headers.
    func encode(_ record: ConnectorRecord, defaults: EventDefaults) throws -> EncodedRecord {
        switch kind {
        case .raw: Self.withContentType(try RawFormat().encode(record, defaults: defaults))
        case .json: Self.withContentType(try JSONFormat().encode(record, defaults: defaults))
        case .structured: Self.withContentType(try StructuredEventFormat().encode(record, defaults: defaults))
        case .auto, .binary: Self.withContentType(try Self.encodeEvent(record, defaults))
        }
    }

    private static func encodeEvent(_ record: ConnectorRecord, _ defaults: EventDefaults) throws -> EncodedRecord {
        var message = try BinaryEventFormat().encode(record, defaults: defaults)
        for index in message.headers.indices {
            message.headers[index] = renamed(message.headers[index], from: "ce-", to: "ce_")
        }
        return message
    }

    private static func withContentType(_ message: consuming EncodedRecord) -> EncodedRecord {
        guard let contentType = message.contentType else { return message }
        message.headers.append(RecordHeader(Self.contentType, contentType))
        return message
    }

    /// The record of a message, whose content type is still among the headers.
    func decode(_ message: EncodedRecord) throws -> ConnectorRecord {
        var message = message
        if let index = message.headers.firstIndex(where: { $0.name.lowercased() == Self.contentType }) {
            message.contentType = String(validatingUTF8: message.headers[index].value)
            if message.contentType != nil { message.headers.remove(at: index) }
        }
        let format = format(message)
        if format is BinaryEventFormat {
            message.headers = message.headers.map { Self.renamed($0, from: "ce_", to: "ce-") }
        }
        return try format.decode(message)
    }

    private static func renamed(_ header: RecordHeader, from old: String, to new: String) -> RecordHeader {
        guard header.name.hasPrefix(old) else { return header }
        return RecordHeader(new + header.name.dropFirst(old.count), header.value)
    }
}
