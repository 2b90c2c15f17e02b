// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// What the lines of a partition's records have in common, as JSON.
struct PartitionLine {
    let storage: RecordPartitionStorage?
    /// Up to the digits of the id.
    private let beginning: SharedBytes
    /// From the quotation mark behind the id to the end of the type.
    private let middle: SharedBytes
    /// Content type and schema.
    private let end: SharedBytes
    /// As `end`, for text without a content type.
    private let textEnd: SharedBytes
    private let content: ContentClass
    private let subject: (@Sendable (RecordOffset?, RecordData) -> String?)?
    /// Whether an event can have what the partition gives.
    private let isUsable: Bool
    /// What is written between the id's digits and `middle`, for one incarnation.
    private var incarnation: (number: UInt64, text: SharedBytes) = (0, SharedBytes())

    init(_ partition: RecordPartition, defaults: EventDefaults) {
        let own = partition.defaults
        let source = own?.source ?? defaults.source
        let type = own?.type ?? defaults.type
        storage = partition.storage
        subject = own?.subject
        content = ContentClass(own?.contentType)
        isUsable =
            (try? CloudEvent(id: "0", source: source, type: type, dataContentType: own?.contentType)) != nil
        beginning = Self.json { writer in
            writer.writeRaw("{\"specversion\":\"1.0\",\"id\":\"")
            writer.writeText(EventIdentity.prefix(partition))
        }
        middle = Self.json { writer in
            writer.writeRaw("\",\"source\":")
            writer.writeString(source.string)
            writer.writeRaw(",\"type\":")
            writer.writeString(type)
        }
        end = Self.end(contentType: own?.contentType, schema: own?.schema)
        textEnd = Self.end(contentType: own?.contentType ?? "text/plain", schema: own?.schema)
    }

    private static func end(contentType: String?, schema: URI?) -> SharedBytes {
        json { writer in
            if let contentType {
                writer.writeRaw(",\"datacontenttype\":")
                writer.writeString(contentType)
            }
            if let schema {
                writer.writeRaw(",\"dataschema\":")
                writer.writeString(schema.string)
            }
        }
    }

    private static func json(_ write: (inout JSONWriter) -> Void) -> SharedBytes {
        var writer = JSONWriter(capacity: 128)
        write(&writer)
        return writer.finish()
    }

    /// Writes the event of a record that has no details; gives `false`, with nothing written, where it takes more.
    mutating func write(_ record: borrowing ConnectorRecord, to writer: inout JSONWriter) -> Bool {
        guard isUsable, record.offsetForm == .sequence, canWriteData(of: record.dataForm) else { return false }
        let start = writer.count
        // Once for the usual record: data without escapes.
        writer.reserve(beginning.count + middle.count + textEnd.count + record.payload.count + 128)
        writer.writeRaw(beginning.unsafeBytes)
        writer.writeInteger(record.offsetFirst)
        if record.offsetSecond != 0 { writeIncarnation(record.offsetSecond, to: &writer) }
        writer.writeRaw(middle.unsafeBytes)
        if let subject, let text = subject(record.offset, record.data), !Self.writeSubject(text, to: &writer) {
            writer.truncate(to: start)
            return false
        }
        writer.writeRaw(record.dataForm == .text ? textEnd.unsafeBytes : end.unsafeBytes)
        writeData(record.dataForm, record.payload.unsafeBytes, to: &writer)
        writer.writeRaw(UInt8(ascii: "}"))
        return true
    }

    private mutating func writeIncarnation(_ number: UInt64, to writer: inout JSONWriter) {
        if incarnation.number != number { incarnation = (number, SharedBytes(utf8: "." + String(number, radix: 16))) }
        writer.writeRaw(incarnation.text.unsafeBytes)
    }

    private static func writeSubject(_ text: String, to writer: inout JSONWriter) -> Bool {
        var text = text
        let isPlain = text.withUTF8 { bytes in
            var strange: UInt8 = 0
            for byte in bytes { strange |= byte < 0x20 || byte >= 0x7F ? 1 : 0 }
            return strange == 0
        }
        guard !text.isEmpty, isPlain || (try? AttributeValue(canonical: text, as: .string)) != nil else { return false }
        writer.writeRaw(",\"subject\":")
        text.withUTF8 { writer.writeString(utf8: UnsafeRawBufferPointer($0)) }
        return true
    }

    /// Whether form and content type need no note in the event.
    private func canWriteData(of form: RecordData.Form) -> Bool {
        switch form {
        case .absent, .bytes: true
        case .text: content != .json
        case .json: content == .json || content == .unknown
        case .structured: false
        }
    }

    private func writeData(_ form: RecordData.Form, _ bytes: UnsafeRawBufferPointer, to writer: inout JSONWriter) {
        switch form {
        case .absent, .structured: break
        case .text: Self.write(.text, bytes, to: &writer)
        case .json: Self.write(.json, bytes, to: &writer)
        case .bytes:
            let (kind, range) = content.kind(of: bytes)
            Self.write(kind, UnsafeRawBufferPointer(rebasing: bytes[range]), to: &writer)
        }
    }

    private static func write(_ kind: EventData.Kind, _ bytes: UnsafeRawBufferPointer, to writer: inout JSONWriter) {
        switch kind {
        case .absent: break
        case .json:
            writer.writeRaw(",\"data\":")
            guard CloudEventLineEncoder.hasLineBreak(bytes) else { return writer.writeRaw(bytes) }
            for byte in bytes { writer.writeRaw(byte == 0x0A || byte == 0x0D ? 0x20 : byte) }
        case .text:
            writer.writeRaw(",\"data\":")
            writer.writeString(utf8: bytes)
        case .binary:
            writer.writeRaw(",\"data_base64\":")
            writer.writeBase64(bytes)
        }
    }
}
