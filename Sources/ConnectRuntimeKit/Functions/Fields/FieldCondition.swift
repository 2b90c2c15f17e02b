// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
public import OpenConnect

/// A simple question to one field of a record, headers, key and absent data included.
///
/// Of a field that means several values, such as `data.items[*].sku`, one is enough; the opposite holds where there is none.
public struct FieldCondition: RecordCondition {
    private enum Question: Sendable {
        case exists
        case equals(StructuredValue)
    }

    private let field: RecordField
    private let question: Question
    private let isNegated: Bool

    /// Asks whether there is such a field.
    public init(exists field: RecordField) { self.init(field, .exists) }

    /// Asks whether a field has a value. Objects are the same in any order of their members, and a text is the same as a
    /// time or as bytes that it stands for, in arrays and objects too.
    public init(_ field: RecordField, equals value: StructuredValue) { self.init(field, .equals(value.inNameOrder)) }

    private init(_ field: RecordField, _ question: Question, isNegated: Bool = false) {
        self.field = field
        self.question = question
        self.isNegated = isNegated
    }

    /// The opposite.
    public var negated: FieldCondition {
        FieldCondition(field, question, isNegated: !isNegated)
    }

    /// Whether it holds for a record. Data that is no JSON is there, and has no fields in it.
    public func holds(for record: ConnectorRecord) -> Bool { isFulfilled(by: record) != isNegated }

    private func isFulfilled(by record: ConnectorRecord) -> Bool {
        switch (question, field.place) {
        case (.exists, .data(.whole)): return record.heldForm != .absent
        case (.exists, .key(.whole)): return record.key.map { !$0.isAbsent } ?? false
        case (.exists, _): return isFound(in: record) { _ in true }
        case (.equals(let expected), _): return isFound(in: record) { $0.inNameOrder.isMeant(by: expected) }
        }
    }

    private func isFound(in record: ConnectorRecord, _ isWanted: (StructuredValue) -> Bool) -> Bool {
        var edit = RecordEdit(record)
        return (try? edit.contains(field, where: isWanted)) ?? false
    }
}

extension StructuredValue {
    /// Whether two values, both in the order of their names, are the same.
    fileprivate func isMeant(by expected: StructuredValue) -> Bool {
        switch (self, expected) {
        case (.timestamp(let time), .string(let text)), (.string(let text), .timestamp(let time)):
            time == (try? Timestamp(text))
        case (.bytes(let bytes), .string(let text)), (.string(let text), .bytes(let bytes)):
            (try? AttributeValue(canonical: text, as: .binary)) == .binary(bytes)
        case (.array(let own), .array(let others)):
            own.elementsEqual(others) { $0.isMeant(by: $1) }
        case (.object(let own), .object(let others)):
            own.members.elementsEqual(others.members) {
                $0.name.hasSameBytes(as: $1.name) && $0.value.isMeant(by: $1.value)
            }
        default: self == expected
        }
    }
}

extension RecordCondition where Self == FieldCondition {
    /// Whether there is such a field, if only null: a header of that name, data that is not absent.
    public static func exists(_ field: RecordField) -> FieldCondition { FieldCondition(exists: field) }

    /// Whether a field has a value. Numbers are compared by their digits: `1.0` is not `1`.
    public static func equals(_ field: RecordField, _ value: StructuredValue) -> FieldCondition {
        FieldCondition(field, equals: value)
    }
}
