// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// The fields of an object, and the columns that they go into: those of most records are those of the one before.
///
/// Rows of the same shape are written without a dictionary, a list or a value in between. What is not as plain as that is
/// left to the general way.
struct RowShape: Sendable {
    private struct Field: Sendable {
        /// The place among the members of the object.
        let place: Int
        let kind: TargetTable.Column.Kind
    }

    private let names: [String]
    private let texts: [[UInt8]]
    /// In the order of the columns; members without a column are left out.
    private let fields: [Field]

    init(_ object: StructuredObject, _ table: TargetTable) {
        names = object.members.map(\.name)
        texts = names.map { Array($0.utf8) }
        fields = names.enumerated().compactMap { place, name in table.index(of: name).map { (place, $0) } }
            .sorted { $0.1 < $1.1 }.map { Field(place: $0.0, kind: table.columns[$0.1].kind) }
    }

    /// Writes a record as a row.
    ///
    /// - Returns: whether it is of this shape, and plain. Otherwise nothing is written.
    func append(_ record: ConnectorRecord, to text: inout ValueText) -> Bool {
        let start = text.count
        let isWritten =
            switch record.data.form {
            case .json: record.heldBytes.withUnsafeBytes { append(json: $0, to: &text) }
            case .structured: append(structured: record, to: &text)
            default: false
            }
        if !isWritten { text.cut(to: start) }
        return isWritten
    }

    private func append(structured record: ConnectorRecord, to text: inout ValueText) -> Bool {
        guard case .object(let object)? = try? record.data.structured else { return false }
        let members = object.members
        guard members.count == names.count else { return false }
        for place in members.indices where members[place].name != names[place] { return false }
        var isFirst = true
        for field in fields {
            if !isFirst { text.separate() }
            isFirst = false
            guard (try? text.append(members[field.place].value, field.kind)) != nil else { return false }
        }
        text.endRow()
        return true
    }

    private func append(json bytes: UnsafeRawBufferPointer, to text: inout ValueText) -> Bool {
        withUnsafeTemporaryAllocation(of: PlainJSON.Token.self, capacity: names.count) { tokens in
            var json = PlainJSON(bytes)
            guard json.object(texts, tokens) else { return false }
            var isFirst = true
            for field in fields {
                if !isFirst { text.separate() }
                isFirst = false
                guard text.append(tokens[field.place], of: bytes, field.kind) else { return false }
            }
            text.endRow()
            return true
        }
    }
}

extension ValueText {
    /// Writes a value as it stands in JSON text, where nothing in it is escaped.
    fileprivate mutating func append(
        _ token: PlainJSON.Token,
        of json: UnsafeRawBufferPointer,
        _ kind: TargetTable.Column.Kind
    ) -> Bool {
        switch (token.kind, kind) {
        case (.null, _): appendNull()
        case (_, .json): append(plain: json[token.start..<token.end])
        case (.string, .text): append(plain: json[(token.start + 1)..<(token.end - 1)])
        case (.word, .text): append(plain: json[token.start..<token.end])
        default: return false
        }
        return true
    }
}
