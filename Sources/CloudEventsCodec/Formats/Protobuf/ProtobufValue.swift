// SPDX-License-Identifier: Apache-2.0

/// An attribute's value as it is on the wire: the `oneof` of a CloudEventAttributeValue (P2).
enum ProtobufValue {
    /// There was no case (P6).
    case unset
    case boolean(Bool)
    case integer(Int32)
    case string(Range<Int>)
    case bytes(Range<Int>)
    case uri(Range<Int>)
    case uriReference(Range<Int>)
    case timestamp(seconds: Int64, nanos: Int32)

    /// The field numbers of the cases (P2).
    enum Number {
        static let boolean: UInt32 = 1
        static let integer: UInt32 = 2
        static let string: UInt32 = 3
        static let bytes: UInt32 = 4
        static let uri: UInt32 = 5
        static let uriReference: UInt32 = 6
        static let timestamp: UInt32 = 7
    }

    /// Reads a message into the value. Of several cases the last one counts; a message given in pieces is one message.
    mutating func merge(_ message: WireReader, maximumDepth: Int) throws(CloudEventError) {
        var reader = message
        while let field = try reader.nextField() {
            switch (field.number, field.wireType) {
            case (Number.boolean, .varint): self = .boolean(try reader.varint() != 0)
            case (Number.integer, .varint): self = .integer(Int32(truncatingIfNeeded: try reader.varint()))
            case (Number.string, .lengthDelimited): self = .string(try reader.utf8())
            case (Number.bytes, .lengthDelimited): self = .bytes(try reader.lengthDelimited())
            case (Number.uri, .lengthDelimited): self = .uri(try reader.utf8())
            case (Number.uriReference, .lengthDelimited): self = .uriReference(try reader.utf8())
            case (Number.timestamp, .lengthDelimited):
                let range = try reader.lengthDelimited()
                try mergeTimestamp(reader.within(range), maximumDepth: maximumDepth)
            default: try reader.skip(field, maximumDepth: maximumDepth)
            }
        }
    }

    private mutating func mergeTimestamp(_ message: WireReader, maximumDepth: Int) throws(CloudEventError) {
        var (seconds, nanos): (Int64, Int32) = (0, 0)
        if case .timestamp(let earlierSeconds, let earlierNanos) = self {
            (seconds, nanos) = (earlierSeconds, earlierNanos)
        }
        var reader = message
        while let field = try reader.nextField() {
            switch (field.number, field.wireType) {
            case (1, .varint): seconds = Int64(bitPattern: try reader.varint())
            case (2, .varint): nanos = Int32(truncatingIfNeeded: try reader.varint())
            default: try reader.skip(field, maximumDepth: maximumDepth)
            }
        }
        self = .timestamp(seconds: seconds, nanos: nanos)
    }

    /// The place of the value's text, if it is one of the three that are text.
    var text: Range<Int>? {
        switch self {
        case .string(let range), .uri(let range), .uriReference(let range): range
        default: nil
        }
    }

    /// The value in its type.
    func attributeValue(_ reader: WireReader, in input: SharedBytes) throws(CloudEventError) -> AttributeValue {
        switch self {
        case .unset:
            throw CloudEventError(.invalidValue, "the attribute has no value; leave it out or give it one", rule: "P6")
        case .boolean(let value): return .boolean(value)
        case .integer(let value): return .integer(value)
        case .string(let range): return .string(reader.text(range))
        case .bytes(let range): return .binary(input.slice(range))
        case .uri(let range): return .uri(try URI(reader.text(range)))
        case .uriReference(let range): return .uriReference(try URIReference(reader.text(range)))
        case .timestamp(let seconds, let nanos):
            guard Self.timestampSeconds.contains(seconds), (0...999_999_999).contains(nanos) else {
                throw CloudEventError(
                    .invalidValue,
                    "a google.protobuf.Timestamp is in the years 0001 to 9999, with 0 to 999999999 nanos",
                    rule: "P2"
                )
            }
            return .timestamp(try Timestamp(secondsSince1970: seconds, nanoseconds: nanos))
        }
    }

    /// The seconds that a google.protobuf.Timestamp can have: the years 0001 to 9999 in UTC.
    static let timestampSeconds: ClosedRange<Int64> = -62_135_596_800...253_402_300_799
}
