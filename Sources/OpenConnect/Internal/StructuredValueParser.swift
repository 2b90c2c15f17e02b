// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// Reads JSON text into a tree. The reader's depth limit bounds the recursion.
struct StructuredValueParser {
    private var reader: JSONReader

    /// The caller keeps the bytes alive while this is used.
    init(_ bytes: UnsafeRawBufferPointer) {
        reader = JSONReader(bytes, maximumDepth: StructuredValue.maximumDepth)
    }

    mutating func text() throws(CloudEventError) -> StructuredValue {
        let value = try value(reader.next())
        _ = try reader.next()
        return value
    }

    private mutating func value(_ token: JSONToken) throws(CloudEventError) -> StructuredValue {
        switch token {
        case .beginObject: return .object(try object())
        case .beginArray: return .array(try array())
        case .string(let string): return .string(reader.text(string))
        case .number(let number): return Self.number(reader.rawBytes(number), isInteger: number.isInteger)
        case .boolean(let value): return .boolean(value)
        // Between tokens of a value the reader gives no name and no end.
        case .null, .endObject, .endArray, .name, .end: return .null
        }
    }

    private mutating func array() throws(CloudEventError) -> [StructuredValue] {
        var elements: [StructuredValue] = []
        while true {
            let token = try reader.next()
            if token == .endArray { return elements }
            elements.append(try value(token))
        }
    }

    private mutating func object() throws(CloudEventError) -> StructuredObject {
        var members: [StructuredObject.Member] = []
        // Looking through few names is cheaper than hashing them; many are hashed, so that none costs more than that.
        var manyNames: Set<ExactText> = []
        while case .name(let string) = try reader.next() {
            let name = reader.text(string)
            let isNew: Bool
            if members.count < 16 {
                isNew = !members.contains { $0.name.hasSameBytes(as: name) }
            } else {
                if manyNames.isEmpty { manyNames = Set(members.map { ExactText($0.name) }) }
                isNew = manyNames.insert(ExactText(name)).inserted
            }
            guard isNew else {
                throw CloudEventError(
                    .duplicate,
                    "an object has two members of this name; remove one",
                    offset: string.range.lowerBound
                )
            }
            members.append(StructuredObject.Member(name: name, value: try value(reader.next())))
        }
        return StructuredObject(unique: members)
    }

    private static func number(_ digits: UnsafeRawBufferPointer, isInteger: Bool) -> StructuredValue {
        let text = String(decoding: digits, as: UTF8.self)
        // An integer has no negative zero.
        if isInteger, let integer = Int64(text), text != "-0" { return .integer(integer) }
        if let double = Double(text), double.description == text { return .double(double) }
        return .decimal(text)
    }
}
