// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// Which leaves of a structured value are of a type that its JSON does not tell: `b0.2,t1` where JSON reads a string and
/// the value has bytes as the third element of its first, and a timestamp as its second.
enum StructuredTypes {
    /// The text for a value and what is read from its JSON; empty where they are the same.
    static func text(of value: StructuredValue, readAs read: StructuredValue) -> String {
        var notes: [String] = []
        compare(value, read, [], &notes)
        return notes.joined(separator: ",")
    }

    private static func compare(
        _ value: StructuredValue,
        _ read: StructuredValue,
        _ path: [Int],
        _ notes: inout [String]
    ) {
        switch (value, read) {
        case (.array(let left), .array(let right)):
            for (index, pair) in zip(left, right).enumerated() { compare(pair.0, pair.1, path + [index], &notes) }
        case (.object(let left), .object(let right)):
            for (index, pair) in zip(left.members, right.members).enumerated() {
                compare(pair.0.value, pair.1.value, path + [index], &notes)
            }
        default:
            if value != read, let kind = kind(of: value) {
                notes.append(kind + path.map { "\($0)" }.joined(separator: "."))
            }
        }
    }

    private static func kind(of leaf: StructuredValue) -> String? {
        switch leaf {
        case .bytes: "b"
        case .timestamp: "t"
        case .double: "d"
        case .decimal: "n"
        case .null, .boolean, .integer, .string, .array, .object: nil
        }
    }

    /// The value of which the JSON was read, by its text; what does not fit is left as it was read.
    static func restore(_ read: StructuredValue, _ text: String) -> StructuredValue {
        text.split(separator: ",").reduce(read) { value, note in
            let path = note.dropFirst().split(separator: ".").compactMap { Int($0) }
            return restore(value, note.prefix(1), path[...])
        }
    }

    private static func restore(
        _ value: StructuredValue,
        _ kind: Substring,
        _ path: ArraySlice<Int>
    ) -> StructuredValue {
        guard let index = path.first else { return leaf(value, kind) ?? value }
        switch value {
        case .array(var elements) where elements.indices.contains(index):
            elements[index] = restore(elements[index], kind, path.dropFirst())
            return .array(elements)
        case .object(let object) where object.members.indices.contains(index):
            var members = object.members
            members[index].value = restore(members[index].value, kind, path.dropFirst())
            return .object(StructuredObject(unique: members))
        default:
            return value
        }
    }

    private static func leaf(_ value: StructuredValue, _ kind: Substring) -> StructuredValue? {
        let text: String
        switch value {
        case .string(let string): text = string
        case .integer, .double, .decimal: text = String(decodingUTF8: value.json)
        case .null, .boolean, .bytes, .timestamp, .array, .object: return nil
        }
        switch kind {
        case "b":
            guard case .binary(let bytes)? = try? AttributeValue(canonical: text, as: .binary) else { return nil }
            return .bytes(bytes)
        case "t": return (try? Timestamp(text)).map { .timestamp($0) }
        case "d": return text == "NaN" ? .double(.nan) : Double(text).map { .double($0) }
        case "n": return .decimal(text)
        default: return nil
        }
    }
}
