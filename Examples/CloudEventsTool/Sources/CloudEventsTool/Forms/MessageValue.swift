// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// The value of a header or of a property.
///
/// The types of AMQP that JSON does not tell are objects: `{"timestamp": milliseconds}` and `{"binary": base64}`.
enum MessageValue {
    case text(String)
    case boolean(Bool)
    case integer(Int64)
    case timestamp(milliseconds: Int64)
    case binary(SharedBytes)
    case null

    init(_ reader: inout JSONReader) throws(CloudEventError) {
        switch try reader.next() {
        case .string(let string): self = .text(reader.text(string))
        case .boolean(let value): self = .boolean(value)
        case .null: self = .null
        case .number(let number): self = .integer(try Self.integer(number, reader))
        case .beginObject: self = try Self.object(&reader)
        default: throw MessageText.malformed("a value is a scalar or an object with one member", reader)
        }
    }

    private static func integer(_ number: JSONNumber, _ reader: JSONReader) throws(CloudEventError) -> Int64 {
        let value = Int64(String(decoding: reader.rawBytes(number), as: UTF8.self))
        guard let value else { throw MessageText.malformed("a number is a whole number of 64 bits", reader) }
        return value
    }

    private static func object(_ reader: inout JSONReader) throws(CloudEventError) -> MessageValue {
        let message = "an object is {\"timestamp\": milliseconds} or {\"binary\": base64}"
        guard case .name(let nameText) = try reader.next() else { throw MessageText.malformed(message, reader) }
        let value: MessageValue
        switch (reader.text(nameText), try reader.next()) {
        case ("timestamp", .number(let number)): value = .timestamp(milliseconds: try integer(number, reader))
        case ("binary", .string(let string)):
            var text = reader.text(string)
            guard let bytes = text.withUTF8({ Base64.decode(UnsafeRawBufferPointer($0)) }) else {
                throw MessageText.malformed(message, reader)
            }
            value = .binary(bytes)
        default: throw MessageText.malformed(message, reader)
        }
        guard try reader.next() == .endObject else { throw MessageText.malformed(message, reader) }
        return value
    }

    /// The bytes of the text.
    var bytes: SharedBytes? { text.map { SharedBytes(utf8: $0) } }

    /// The value as text, for bindings that know nothing else.
    var text: String? {
        switch self {
        case .text(let text): text
        case .boolean(let value): value ? "true" : "false"
        case .integer(let value), .timestamp(let value): String(value)
        case .binary(let bytes): Base64.encode(bytes)
        case .null: nil
        }
    }

    func write(to writer: inout JSONWriter) {
        switch self {
        case .text(let text): writer.writeString(text)
        case .boolean(let value): writer.writeRaw(value ? "true" : "false")
        case .integer(let value): writer.writeRaw(SharedBytes(utf8: String(value)))
        case .timestamp(let value): writer.writeRaw(SharedBytes(utf8: "{\"timestamp\":\(value)}"))
        case .binary(let bytes): writer.writeRaw(SharedBytes(utf8: "{\"binary\":\"\(Base64.encode(bytes))\"}"))
        case .null: writer.writeRaw("null")
        }
    }
}

extension MessageValue {
    /// The value as AMQP's.
    var amqp: AMQPValue {
        switch self {
        case .text(let text): .string(text)
        case .boolean(let value): .boolean(value)
        case .integer(let value): .long(value)
        case .timestamp(let value): .timestamp(milliseconds: value)
        case .binary(let bytes): .binary(bytes)
        case .null: .null
        }
    }

    /// A value that the AMQP binding writes.
    init(_ value: AMQPValue) {
        switch value {
        case .boolean(let value): self = .boolean(value)
        case .long(let value): self = .integer(value)
        case .string(let text), .symbol(let text): self = .text(text)
        case .binary(let bytes): self = .binary(bytes)
        case .timestamp(let milliseconds): self = .timestamp(milliseconds: milliseconds)
        default: self = .null
        }
    }
}
