// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// The record as a CloudEvent whose attributes are headers and whose data is the bytes. See
/// ``RecordFormat/cloudEventsBinary``.
///
/// An attribute is the header `ce-` and its name, with the canonical text of its value, in no further encoding; only the
/// content type is apart. The binding of a transport writes names and values in its own way where they differ.
/// Headers have no types: an extension attribute comes back as a String.
public struct BinaryEventFormat: RecordFormat {
    /// Choices of the mapping between record and event.
    public var options: EventOptions

    /// The format.
    public init(options: EventOptions = []) {
        self.options = options
    }

    /// `cloudevents-binary`
    public var name: String { "cloudevents-binary" }

    private static let prefix = "ce-"

    /// Writes the event's attributes as headers, then the record's own headers.
    ///
    /// Where one of the record's headers looks like an attribute, all of them travel in the attribute `connectrecord`.
    /// JSON without a content type gets `application/json`, since bytes alone do not say what they are.
    public func encode(_ record: ConnectorRecord, defaults: EventDefaults) throws -> EncodedRecord {
        var record = record
        let headers = record.headers
        let isAmbiguous = headers.contains { Self.isAttribute($0) }
        if !isAmbiguous, !headers.isEmpty { record.headers = [] }
        if record.contentType == nil, record.data.form == .json || record.data.form == .structured {
            record.contentType = "application/json"
        }
        let event = try record.event(defaults: defaults, options: options.union(.carried))
        let attributes = event.attributeNames.filter { $0 != .dataContentType }.map { name in
            RecordHeader(Self.prefix + name.string, event[name]?.canonicalString ?? "")
        }
        return EncodedRecord(
            event.data.bytes,
            key: try record.key?.transported(),
            headers: isAmbiguous ? attributes : attributes + headers,
            contentType: event.dataContentType,
            isAbsent: event.data.isAbsent
        )
    }

    /// Reads an event from headers and bytes. What the data is, its content type says: JSON, text or bytes.
    ///
    /// - Throws: ``ConnectorError`` with the code `invalidRecord` that names the header or the attribute that is missing.
    public func decode(_ encoded: EncodedRecord) throws -> ConnectorRecord {
        let event: CloudEvent
        do {
            event = try Self.event(encoded)
        } catch let error as CloudEventError {
            throw ConnectorError(.invalidRecord, "the headers are not those of a CloudEvent: \(error)")
        }
        var record = ConnectorRecord(event: event, options: options)
        if record.key == nil, let key = encoded.key { record.key = .text(utf8: key) ?? .bytes(key) }
        let headers = encoded.headers.filter { !Self.isAttribute($0) }
        if !headers.isEmpty { record.headers += headers }
        return record
    }

    private static func isAttribute(_ header: RecordHeader) -> Bool {
        header.name.utf8.count > prefix.utf8.count
            && zip(header.name.utf8, prefix.utf8).allSatisfy { $0 == $1 || $0 | 0x20 == $1 }
    }

    private static func event(_ encoded: EncodedRecord) throws -> CloudEvent {
        var attributes: [CloudEvent.Attribute] = []
        for header in encoded.headers where isAttribute(header) {
            let name = try AttributeName(attribute(header))
            guard let value = String(validatingUTF8: header.value) else { throw notText(name) }
            // A header for the content type besides the transport's own is no attribute.
            if name != .dataContentType { attributes.append(CloudEvent.Attribute(name: name, value: .string(value))) }
        }
        if let contentType = encoded.contentType {
            attributes.append(CloudEvent.Attribute(name: .dataContentType, value: .string(contentType)))
        }
        return try CloudEvent(attributes: attributes, data: data(of: encoded))
    }

    /// The name behind the prefix, in small letters.
    private static func attribute(_ header: RecordHeader) -> String {
        let name = header.name.utf8.dropFirst(prefix.utf8.count)
        return String(decoding: name.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
    }

    private static func data(of encoded: EncodedRecord) -> EventData {
        guard !encoded.isAbsent else { return .absent }
        let data = ContentClass(encoded.contentType).readable(encoded.bytes)
        // White space around JSON belongs to the bytes.
        return data.bytes.count == encoded.bytes.count ? data : .binary(encoded.bytes)
    }

    private static func notText(_ name: AttributeName) -> CloudEventError {
        CloudEventError(.invalidValue, "the header is not valid UTF-8", attribute: name.string, rule: "T3")
    }
}

extension RecordFormat where Self == BinaryEventFormat {
    /// The record as a CloudEvent whose attributes are headers.
    public static var cloudEventsBinary: BinaryEventFormat { BinaryEventFormat() }
}
