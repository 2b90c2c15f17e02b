// SPDX-License-Identifier: Apache-2.0

/// What stands before each value in a Protocol Buffers message.
struct ProtobufField {
    let number: UInt32
    let wireType: WireType
    /// The place of the field's first byte.
    let offset: Int

    enum WireType: UInt8 {
        case varint, fixed64, lengthDelimited, startGroup, endGroup, fixed32
    }
}

extension WireReader {
    /// The next field of a message, whose value comes next; nothing at the message's end.
    mutating func nextField() throws(CloudEventError) -> ProtobufField? {
        guard !isAtEnd else { return nil }
        let start = offset
        let tag = try varint()
        guard let tag = UInt32(exactly: tag), let wireType = ProtobufField.WireType(rawValue: UInt8(tag & 7)) else {
            throw malformed("a field has a wire type or a number that Protocol Buffers does not have", at: start)
        }
        guard tag >> 3 != 0 else { throw malformed("no field has the number 0", at: start) }
        return ProtobufField(number: tag >> 3, wireType: wireType, offset: start)
    }

    /// Reads a value with its length before it and gives its place.
    mutating func lengthDelimited() throws(CloudEventError) -> Range<Int> {
        let length = try varint()
        return try piece(length)
    }

    /// Reads a string, which has to be UTF-8, and gives its place.
    mutating func utf8() throws(CloudEventError) -> Range<Int> {
        let range = try lengthDelimited()
        try checkUTF8(range)
        return range
    }

    /// Reads over the value of a field that is not known.
    ///
    /// Groups are followed by a list of what is open instead of by recursion: their depth is the sender's choice.
    mutating func skip(_ field: ProtobufField, maximumDepth: Int) throws(CloudEventError) {
        var open: [UInt32] = []
        var field = field
        while true {
            switch field.wireType {
            case .varint: _ = try varint()
            case .fixed64: _ = try piece(8)
            case .lengthDelimited: _ = try lengthDelimited()
            case .fixed32: _ = try piece(4)
            case .startGroup:
                guard open.count < maximumDepth else {
                    throw CloudEventError(
                        .limitExceeded,
                        "groups are nested deeper than the limit of \(maximumDepth)",
                        offset: field.offset
                    )
                }
                open.append(field.number)
            case .endGroup:
                guard open.popLast() == field.number else {
                    throw malformed("a group ends that did not begin", at: field.offset)
                }
            }
            if open.isEmpty { return }
            guard let next = try nextField() else { throw malformed("the message ends within a group", at: offset) }
            field = next
        }
    }
}
