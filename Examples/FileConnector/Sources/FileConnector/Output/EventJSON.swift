// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// The members of an event in JSON that have more than one form.
enum EventJSON {
    /// Appends an extension attribute in the JSON form of its type (J2).
    static func write(_ attribute: EventExtension, to writer: inout JSONWriter) {
        writer.writeRaw(UInt8(ascii: ","))
        writer.writeString(attribute.name.string)
        writer.writeRaw(UInt8(ascii: ":"))
        switch attribute.value {
        case .boolean(let value): writer.writeRaw(value ? "true" : "false")
        case .integer(let value): writer.writeInteger(Int64(value))
        case .string(let value): writer.writeString(value)
        case .binary(let value): value.withUnsafeBytes { writer.writeBase64($0) }
        case .uri(let value): writer.writeString(value.string)
        case .uriReference(let value): writer.writeString(value.string)
        case .timestamp(let value): writer.writeTimestamp(value)
        }
    }

    /// Appends the data: JSON as it is, other text as a string, anything else in base64.
    static func writeData(_ record: ConnectorRecord, isJSON: Bool, to writer: inout JSONWriter) {
        let data = record.data
        switch data.form {
        case .absent: return
        case .json, .structured: writeOnOneLine(data.bytes, to: &writer)
        case .bytes, .text:
            if isJSON {
                if let value = try? EventData.json(data.bytes) {
                    writeOnOneLine(value.bytes, to: &writer)
                } else {
                    writer.writeRaw(#","data_base64":"#)
                    data.bytes.withUnsafeBytes { writer.writeBase64($0) }
                }
                return
            }
            record.heldBytes.withUnsafeBytes { writeText($0, isKnown: data.form == .text, &writer) }
        }
    }

    private static func writeText(_ bytes: UnsafeRawBufferPointer, isKnown: Bool, _ writer: inout JSONWriter) {
        if isKnown || isValidUTF8(bytes) {
            writer.writeRaw(#","data":"#)
            writer.writeString(utf8: bytes)
        } else {
            writer.writeRaw(#","data_base64":"#)
            writer.writeBase64(bytes)
        }
    }

    /// A newline in JSON text stands between tokens, never within a string.
    private static func writeOnOneLine(_ json: SharedBytes, to writer: inout JSONWriter) {
        writer.writeRaw(#","data":"#)
        guard json.contains(where: { $0 == 0x0A || $0 == 0x0D }) else { return writer.writeRaw(json) }
        for byte in json { writer.writeRaw(byte == 0x0A || byte == 0x0D ? UInt8(ascii: " ") : byte) }
    }
}
