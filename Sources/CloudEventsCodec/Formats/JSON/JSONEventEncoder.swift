// SPDX-License-Identifier: Apache-2.0

/// Writes events as JSON objects.
enum JSONEventEncoder {
    static func write(_ event: CloudEvent, to writer: inout JSONWriter) throws(CloudEventError) {
        // Once for the usual event: names, punctuation, and attributes without escapes.
        writer.reserve(320 + event.data.bytes.count)
        writer.writeRaw("{\"specversion\":\"1.0\",\"id\":")
        writer.writeString(event.id)
        writer.writeRaw(",\"source\":")
        writer.writeString(event.source.string)
        writer.writeRaw(",\"type\":")
        writer.writeString(event.type)
        if let subject = event.subject {
            writer.writeRaw(",\"subject\":")
            writer.writeString(subject)
        }
        if let time = event.time {
            writer.writeRaw(",\"time\":")
            writer.writeTimestamp(time)
        }
        if let contentType = event.dataContentType {
            writer.writeRaw(",\"datacontenttype\":")
            writer.writeString(contentType)
        }
        if let schema = event.dataSchema {
            writer.writeRaw(",\"dataschema\":")
            writer.writeString(schema.string)
        }
        for element in event.extensions {
            writer.writeRaw(UInt8(ascii: ","))
            writer.writeString(element.name.string)
            writer.writeRaw(UInt8(ascii: ":"))
            write(element.value, to: &writer)
        }
        try writeData(of: event, to: &writer)
        writer.writeRaw(UInt8(ascii: "}"))
    }

    /// Writes an attribute's value in the JSON form of its type (J2).
    private static func write(_ value: AttributeValue, to writer: inout JSONWriter) {
        switch value {
        case .boolean(let value): writer.writeRaw(value ? "true" : "false")
        case .integer(let value): writer.writeInteger(Int64(value))
        case .string(let value): writer.writeString(value)
        case .binary(let value): value.withUnsafeBytes { writer.writeBase64($0) }
        case .uri(let value): writer.writeString(value.string)
        case .uriReference(let value): writer.writeString(value.string)
        case .timestamp(let value): writer.writeTimestamp(value)
        }
    }

    private static func writeData(of event: CloudEvent, to writer: inout JSONWriter) throws(CloudEventError) {
        let data = event.data
        switch data.kind {
        case .absent:
            break
        case .binary:
            writer.writeRaw(",\"data_base64\":")
            data.bytes.withUnsafeBytes { writer.writeBase64($0) }
        case .json:
            guard event.hasJSONContentType || data.bytes.first(where: { $0 > 0x20 }) == UInt8(ascii: "\"") else {
                throw CloudEventError(
                    .notRepresentable,
                    "the data is JSON, but datacontenttype says something else; change one of them",
                    attribute: "data",
                    rule: "J7"
                )
            }
            writer.writeRaw(",\"data\":")
            data.bytes.withUnsafeBytes { writer.writeRaw(trimmingWhitespace($0)) }
        case .text:
            writer.writeRaw(",\"data\":")
            if event.dataContentType != nil, event.hasJSONContentType {
                writer.writeRaw(try value(in: data))
            } else {
                data.bytes.withUnsafeBytes { writer.writeString(utf8: $0) }
            }
        }
    }

    private static func trimmingWhitespace(_ json: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var range = 0..<json.count
        while let first = range.first, json[first] <= 0x20 { range.removeFirst() }
        while let last = range.last, json[last] <= 0x20 { range.removeLast() }
        return UnsafeRawBufferPointer(rebasing: json[range])
    }

    /// The JSON value that a text holds.
    private static func value(in data: EventData) throws(CloudEventError) -> SharedBytes {
        do throws(CloudEventError) {
            return try EventData.json(data.bytes).bytes
        } catch {
            throw CloudEventError(
                .notRepresentable,
                "datacontenttype says JSON, but the data is text that is not: \(error.message)",
                attribute: "data",
                offset: error.offset,
                rule: "J5"
            )
        }
    }
}
