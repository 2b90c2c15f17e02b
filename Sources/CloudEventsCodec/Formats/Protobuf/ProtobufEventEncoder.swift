// SPDX-License-Identifier: Apache-2.0

/// Writes events as CloudEvent messages, their fields in the order of their numbers (P1).
enum ProtobufEventEncoder {
    static func write(_ event: CloudEvent, to writer: inout WireWriter) throws(CloudEventError) {
        writer.string(1, event.id)
        writer.string(2, event.source.string)
        writer.string(3, event.specVersion.description)
        writer.string(4, event.type)
        for attribute in try event.attributesNamingJSON() {
            switch CoreAttribute(attribute.name) {
            case .id, .source, .specVersion, .type: continue
            default: try writer.entry(attribute.name, attribute.value)
            }
        }
        writeData(of: event, to: &writer)
    }

    private static func writeData(of event: CloudEvent, to writer: inout WireWriter) {
        let bytes = event.data.bytes
        switch event.data.kind {
        case .absent: break
        case .text, .json: writer.lengthDelimited(7, bytes)
        case .binary:
            guard let typeURL = typeURL(of: event) else { return writer.lengthDelimited(6, bytes) }
            let size = WireWriter.size(ofText: typeURL) + WireWriter.size(ofBytes: bytes.count)
            writer.tag(8, .lengthDelimited)
            writer.varint(UInt64(size))
            writer.string(1, typeURL)
            writer.lengthDelimited(2, bytes)
        }
    }

    /// The type URL of data that is a message of Protocol Buffers, by its content type and schema (P3).
    private static func typeURL(of event: CloudEvent) -> String? {
        guard let contentType = event.dataContentType, let schema = event.dataSchema,
            (try? MediaType(contentType))?.essence == "application/protobuf"
        else { return nil }
        return ProtobufTypeURL.typeURL(of: schema)
    }
}

extension WireWriter {
    fileprivate mutating func tag(_ number: UInt32, _ wireType: ProtobufField.WireType) {
        varint(UInt64(number) << 3 | UInt64(wireType.rawValue))
    }

    fileprivate mutating func string(_ number: UInt32, _ text: String) {
        tag(number, .lengthDelimited)
        varint(UInt64(text.utf8.count))
        utf8(text)
    }

    mutating func lengthDelimited(_ number: UInt32, _ value: SharedBytes) {
        tag(number, .lengthDelimited)
        varint(UInt64(value.count))
        bytes(value)
    }

    /// The size of a string with its tag, whose number is below 16, and its length.
    fileprivate static func size(ofText text: String) -> Int { size(ofBytes: text.utf8.count) }

    fileprivate static func size(ofBytes count: Int) -> Int { 1 + size(ofVarint: UInt64(count)) + count }
}

// MARK: - Attributes

extension WireWriter {
    /// Writes an entry of the map `attributes`.
    fileprivate mutating func entry(_ name: AttributeName, _ value: AttributeValue) throws(CloudEventError) {
        if case .timestamp(let time) = value {
            do throws(CloudEventError) { try Self.check(time) } catch { throw error.naming(name.string) }
        }
        let valueSize = Self.size(of: value)
        tag(5, .lengthDelimited)
        varint(UInt64(Self.size(ofText: name.string) + Self.size(ofBytes: valueSize)))
        string(1, name.string)
        tag(2, .lengthDelimited)
        varint(UInt64(valueSize))
        self.value(value)
    }

    private mutating func value(_ value: AttributeValue) {
        switch value {
        case .boolean(let value):
            tag(ProtobufValue.Number.boolean, .varint)
            byte(value ? 1 : 0)
        case .integer(let value):
            tag(ProtobufValue.Number.integer, .varint)
            varint(UInt64(bitPattern: Int64(value)))
        case .string(let value): string(ProtobufValue.Number.string, value)
        case .binary(let value): lengthDelimited(ProtobufValue.Number.bytes, value)
        case .uri(let value): string(ProtobufValue.Number.uri, value.string)
        case .uriReference(let value): string(ProtobufValue.Number.uriReference, value.string)
        case .timestamp(let value):
            tag(ProtobufValue.Number.timestamp, .lengthDelimited)
            varint(UInt64(Self.size(of: value)))
            // A number that is 0 is not written.
            if value.secondsSince1970 != 0 {
                tag(1, .varint)
                varint(UInt64(bitPattern: value.secondsSince1970))
            }
            if value.nanoseconds != 0 {
                tag(2, .varint)
                varint(UInt64(value.nanoseconds))
            }
        }
    }

    private static func size(of value: AttributeValue) -> Int {
        switch value {
        case .boolean: 2
        case .integer(let value): 1 + size(ofVarint: UInt64(bitPattern: Int64(value)))
        case .string(let value): size(ofText: value)
        case .binary(let value): size(ofBytes: value.count)
        case .uri(let value): size(ofText: value.string)
        case .uriReference(let value): size(ofText: value.string)
        case .timestamp(let value): size(ofBytes: size(of: value))
        }
    }

    private static func size(of time: Timestamp) -> Int {
        let seconds = time.secondsSince1970
        return (seconds == 0 ? 0 : 1 + size(ofVarint: UInt64(bitPattern: seconds)))
            + (time.nanoseconds == 0 ? 0 : 1 + size(ofVarint: UInt64(time.nanoseconds)))
    }

    /// Refuses an instant that a google.protobuf.Timestamp cannot name: another one would be wrong without a sign of it.
    private static func check(_ time: Timestamp) throws(CloudEventError) {
        let reason: String
        if time.isLeapSecond {
            reason = "a google.protobuf.Timestamp has no leap seconds; give the second before or after it"
        } else if time.tail.utf8.contains(where: { $0 != UInt8(ascii: "0") }) {
            reason = "a google.protobuf.Timestamp counts nanoseconds; leave out the digits behind the ninth"
        } else if !ProtobufValue.timestampSeconds.contains(time.secondsSince1970) {
            reason = "a google.protobuf.Timestamp is in the years 0001 to 9999 in UTC"
        } else {
            return
        }
        throw CloudEventError(.notRepresentable, reason, rule: "P2")
    }
}
