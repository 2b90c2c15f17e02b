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
        let notes = text.split(separator: ",").map { note in
            Note(path: note.dropFirst().split(separator: ".").compactMap { Int($0) }, kind: note.prefix(1))
        }
        return restore(read, notes.sorted { $0.path.lexicographicallyPrecedes($1.path) }[...], depth: 0)
    }

    private struct Note {
        let path: [Int]
        let kind: Substring
    }

    /// - Parameter notes: those of the value and of what is in it, in order.
    private static func restore(
        _ value: StructuredValue,
        _ notes: ArraySlice<Note>,
        depth: Int
    ) -> StructuredValue {
        if let own = notes.first, own.path.count == depth { return leaf(value, own.kind) ?? value }
        switch value {
        case .array(var elements):
            restoreEach(notes, depth) { index, notes in
                guard elements.indices.contains(index) else { return }
                elements[index] = restore(elements[index], notes, depth: depth + 1)
            }
            return .array(elements)
        case .object(let object):
            var members = object.members
            restoreEach(notes, depth) { index, notes in
                guard members.indices.contains(index) else { return }
                members[index].value = restore(members[index].value, notes, depth: depth + 1)
            }
            return .object(StructuredObject(unique: members))
        default:
            return value
        }
    }

    /// Calls for each part of a value that has notes, with these.
    private static func restoreEach(
        _ notes: ArraySlice<Note>,
        _ depth: Int,
        _ restorePart: (_ index: Int, _ notes: ArraySlice<Note>) -> Void
    ) {
        var rest = notes
        while let index = rest.first?.path[depth] {
            let end = rest.firstIndex { $0.path[depth] != index } ?? rest.endIndex
            restorePart(index, rest[..<end])
            rest = rest[end...]
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
