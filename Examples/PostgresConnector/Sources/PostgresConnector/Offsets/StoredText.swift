// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import OpenConnect

/// Names and offsets as texts that an operator can read and every table can hold.
enum StoredText {
    /// A name: only a zero byte, which no text of the server can hold, and the percent sign are escaped.
    static func name(_ name: String) -> String {
        guard name.utf8.contains(where: { $0 == 0 || $0 == UInt8(ascii: "%") }) else { return name }
        return name.unicodeScalars.map { scalar in
            switch scalar {
            case "\0": "%00"
            case "%": "%25"
            default: String(scalar)
            }
        }.joined()
    }

    /// The name that ``name(_:)`` gave the text for.
    static func name(stored text: String) -> String {
        var parts = text.parts(between: "%")
        let first = parts.removeFirst()
        return first
            + parts.map { part in
                (part.utf8.starts(with: "00".utf8) ? "\0" : "%") + part.dropping(bytes: 2)
            }.joined()
    }

    /// An offset with its form before it: `sequence:42`, `sequence:42:1f3a`, `text:abc`, `fields:1:{"lsn":7}`.
    static func offset(_ offset: RecordOffset) -> String {
        if let sequence = offset.sequence {
            return "sequence:\(sequence)" + (offset.incarnation == 0 ? "" : ":" + String(offset.incarnation, radix: 16))
        }
        if let text = offset.text { return "text:" + name(text) }
        return "fields:\(offset.schemaVersion ?? 0):" + name(offset.description)
    }

    /// The offset that ``offset(_:)`` gave the text for.
    ///
    /// - Throws: `corruptOffsets` for any other text.
    static func offset(stored text: String) throws -> RecordOffset {
        let corrupt = ConnectorError(
            .corruptOffsets,
            "the stored offset '\(text.prefix(80))' has no form that this version knows; it was changed by something else: "
                + "correct the row, or remove it to begin anew"
        )
        let parts = text.parts(between: ":", maxSplits: 2)
        guard parts.count > 1 else { throw corrupt }
        switch parts[0] {
        case "sequence":
            guard let sequence = Int64(parts[1]) else { throw corrupt }
            guard parts.count > 2 else { return RecordOffset(sequence) }
            guard let incarnation = UInt64(parts[2], radix: 16) else { throw corrupt }
            return RecordOffset(sequence, incarnation: incarnation)
        case "text":
            return RecordOffset(name(stored: text.dropping(bytes: 5)))
        case "fields":
            guard parts.count > 2, let version = Int(parts[1]),
                let fields = try? JSONDecoder().decode(
                    StoredFields.self,
                    from: Data(name(stored: parts[2]).utf8)
                )
            else { throw corrupt }
            return try RecordOffset(encoding: fields, version: version)
        default:
            throw corrupt
        }
    }
}

/// Any fields, so that an offset made of them can be made again.
private enum StoredFields: Codable {
    case null
    case boolean(Bool)
    case integer(Int64)
    case natural(UInt64)
    case double(Double)
    case text(String)
    case list([StoredFields])
    case object([String: StoredFields])

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let boolean = try? value.decode(Bool.self) {
            self = .boolean(boolean)
        } else if let integer = try? value.decode(Int64.self) {
            self = .integer(integer)
        } else if let natural = try? value.decode(UInt64.self) {
            self = .natural(natural)
        } else if let double = try? value.decode(Double.self) {
            self = .double(double)
        } else if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let list = try? value.decode([StoredFields].self) {
            self = .list(list)
        } else {
            self = .object(try value.decode([String: StoredFields].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        switch self {
        case .null: try value.encodeNil()
        case .boolean(let boolean): try value.encode(boolean)
        case .integer(let integer): try value.encode(integer)
        case .natural(let natural): try value.encode(natural)
        case .double(let double): try value.encode(double)
        case .text(let text): try value.encode(text)
        case .list(let list): try value.encode(list)
        case .object(let object): try value.encode(object)
        }
    }
}
