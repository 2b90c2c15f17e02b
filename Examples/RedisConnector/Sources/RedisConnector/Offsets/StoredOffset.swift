// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import FoundationEssentials
import OpenConnect

/// Offsets as texts that an operator can read: `sequence:42`, `sequence:42:1f3a`, `text:abc`, `fields:1:{"lsn":7}`.
enum StoredOffset {
    static func text(of offset: RecordOffset) -> String {
        if let sequence = offset.sequence {
            return "sequence:\(sequence)" + (offset.incarnation == 0 ? "" : ":" + String(offset.incarnation, radix: 16))
        }
        if let text = offset.text { return "text:" + text }
        return "fields:\(offset.schemaVersion ?? 0):\(offset)"
    }

    /// The offset that ``text(of:)`` gave the text for.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError`` with the code `corruptOffsets` for any other text.
    static func offset(_ text: String) throws -> RecordOffset {
        let parts = text.parts(between: ":", maxSplits: 2)
        if parts[0] == "text", parts.count > 1 { return RecordOffset(text.dropping(bytes: "text:".utf8.count)) }
        if parts[0] == "sequence", parts.count > 1, let sequence = Int64(parts[1]) {
            guard parts.count == 3 else { return RecordOffset(sequence) }
            if let incarnation = UInt64(parts[2], radix: 16) {
                return RecordOffset(sequence, incarnation: incarnation)
            }
        }
        if parts[0] == "fields", parts.count == 3, let version = Int(parts[1]),
            let value = try? StructuredValue(json: SharedBytes(utf8: parts[2]))
        {
            return try RecordOffset(encoding: OffsetFields(value), version: version)
        }
        throw ConnectorError(
            .corruptOffsets,
            "the stored offset '\(text.prefix(80))' has no form that this version knows: something else wrote it; correct it, "
                + "or remove it to begin anew"
        )
    }
}

/// The fields of an offset as they were stored, for an offset to be made of them again.
private struct OffsetFields: Encodable {
    private let value: StructuredValue

    init(_ value: StructuredValue) { self.value = value }

    func encode(to encoder: any Encoder) throws {
        switch value {
        case .array(let elements):
            var list = encoder.unkeyedContainer()
            for element in elements { try list.encode(OffsetFields(element)) }
        case .object(let object):
            var members = encoder.container(keyedBy: Name.self)
            for member in object.members {
                try members.encode(OffsetFields(member.value), forKey: Name(stringValue: member.name))
            }
        default:
            var single = encoder.singleValueContainer()
            try encodeScalar(into: &single)
        }
    }

    private func encodeScalar(into container: inout some SingleValueEncodingContainer) throws {
        switch value {
        case .boolean(let boolean): try container.encode(boolean)
        case .integer(let integer): try container.encode(integer)
        case .double(let double): try container.encode(double)
        case .decimal(let digits): try encode(digits, into: &container)
        case .string(let text): try container.encode(text)
        default: try container.encodeNil()
        }
    }

    private func encode(_ digits: String, into container: inout some SingleValueEncodingContainer) throws {
        if let natural = UInt64(digits) { return try container.encode(natural) }
        guard let double = Double(digits) else {
            throw ConnectorError(
                .corruptOffsets,
                "the stored offset has the number \(digits.prefix(40)), which is too large"
            )
        }
        try container.encode(double)
    }

    private struct Name: CodingKey {
        let stringValue: String
        let intValue: Int? = nil

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}
