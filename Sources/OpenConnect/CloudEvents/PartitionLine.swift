// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// What the lines of a partition's records have in common, as JSON.
struct PartitionLine {
    let storage: RecordPartitionStorage?
    /// Up to the digits of the id.
    private let beginning: SharedBytes
    /// From the quotation mark behind the id to the end of the type, and on to the digits of a subject that is a number.
    private let middle: SharedBytes
    /// From the quotation mark behind those digits: content type and schema.
    private let end: SharedBytes
    /// As `end`, for text without a content type.
    private let textEnd: SharedBytes
    private let content: ContentClass
    private let subject: (@Sendable (RecordOffset?, RecordData) -> String?)?
    private let subjectNumber: (@Sendable (Int64, Int) -> Int64)?
    /// Whether an event can have what the partition gives.
    private let isUsable: Bool
    /// What follows the id's digits for one incarnation: its number and `middle`.
    private var incarnation: (number: UInt64, middle: SharedBytes)

    init(_ partition: RecordPartition, defaults: EventDefaults) {
        let own = partition.defaults
        let source = own?.source ?? defaults.source
        let type = own?.type ?? defaults.type
        storage = partition.storage
        subject = own?.subject
        subjectNumber = own?.subjectNumber
        content = ContentClass(own?.contentType)
        isUsable =
            (try? CloudEvent(id: "0", source: source, type: type, dataContentType: own?.contentType)) != nil
        let isNumbered = own?.subjectNumber != nil
        beginning = Self.json { writer in
            writer.writeRaw("{\"specversion\":\"1.0\",\"id\":\"")
            writer.writeText(EventIdentity.prefix(partition))
        }
        middle = Self.json { writer in
            writer.writeRaw("\",\"source\":")
            writer.writeString(source.string)
            writer.writeRaw(",\"type\":")
            writer.writeString(type)
            if isNumbered { writer.writeRaw(",\"subject\":\"") }
        }
        incarnation = (0, middle)
        end = Self.end(contentType: own?.contentType, schema: own?.schema, isNumbered)
        textEnd = Self.end(contentType: own?.contentType ?? "text/plain", schema: own?.schema, isNumbered)
    }

    private static func end(contentType: String?, schema: URI?, _ isNumbered: Bool) -> SharedBytes {
        json { writer in
            if isNumbered { writer.writeRaw("\"") }
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
    ///
    /// The fields are read where they lie: a copy of the record would be three references counted up and down.
    mutating func write(_ record: UnsafePointer<ConnectorRecord>, to writer: inout JSONWriter) -> Bool {
        let form = record.pointee.dataForm
        guard isUsable, record.pointee.offsetForm == .sequence, Self.canWriteData(of: form, content) else {
            return false
        }
        let start = writer.count
        let data = record.pointee.payload.unsafeBytes
        let generation = record.pointee.offsetSecond
        if incarnation.number != generation { begin(generation) }
        // Once for the usual record: data without escapes.
        writer.reserve(beginning.count + incarnation.middle.count + textEnd.count + data.count + 128)
        writer.writeRaw(beginning.unsafeBytes)
        writer.writeInteger(record.pointee.offsetFirst)
        writer.writeRaw(incarnation.middle.unsafeBytes)
        guard writeSubject(of: record, to: &writer) else {
            writer.truncate(to: start)
            return false
        }
        writer.writeRaw(form == .text ? textEnd.unsafeBytes : end.unsafeBytes)
        Self.writeData(data, form, content, to: &writer)
        writer.writeRaw(UInt8(ascii: "}"))
        return true
    }

    private mutating func begin(_ number: UInt64) {
        let text = Self.json { writer in
            if number != 0 { writer.writeText("." + String(number, radix: 16)) }
            writer.writeRaw(middle)
        }
        incarnation = (number, text)
    }

    /// Writes the subject, of one that is a number only its digits; gives `false` where no event can have it.
    @inline(__always)
    private func writeSubject(of record: UnsafePointer<ConnectorRecord>, to writer: inout JSONWriter) -> Bool {
        if let subjectNumber {
            writer.writeInteger(subjectNumber(record.pointee.offsetFirst, record.pointee.payload.count))
            return true
        }
        guard let subject, let text = subject(record.pointee.offset, record.pointee.data) else { return true }
        return Self.writeSubject(text, to: &writer)
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
    private static func canWriteData(of form: RecordData.Form, _ content: ContentClass) -> Bool {
        switch form {
        case .absent, .bytes: true
        case .text: content != .json
        case .json: content == .json || content == .unknown
        case .structured: false
        }
    }

    /// It is given all it needs: called on the value it would be given a copy of it, for each record.
    private static func writeData(
        _ bytes: UnsafeRawBufferPointer,
        _ form: RecordData.Form,
        _ content: ContentClass,
        to writer: inout JSONWriter
    ) {
        if form == .text || form == .bytes && content == .text, writePlainText(bytes, to: &writer) { return }
        switch form {
        case .absent, .structured: break
        case .text: write(.text, bytes, to: &writer)
        case .json: write(.json, bytes, to: &writer)
        case .bytes:
            let (kind, range) = content.kind(of: bytes)
            write(kind, UnsafeRawBufferPointer(rebasing: bytes[range]), to: &writer)
        }
    }

    /// Writes text that needs no look at its characters, as most does; gives `false`, with nothing written, for other text.
    @inline(__always)
    private static func writePlainText(_ text: UnsafeRawBufferPointer, to writer: inout JSONWriter) -> Bool {
        let start = writer.count
        writer.writeRaw(",\"data\":\"")
        guard writer.writeIfPlain(text) else {
            writer.truncate(to: start)
            return false
        }
        writer.writeRaw(UInt8(ascii: "\""))
        return true
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
