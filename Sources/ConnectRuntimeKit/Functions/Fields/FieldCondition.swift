// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
public import OpenConnect

/// A simple question to one field of a record, headers, key and absent data included.
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
    /// time or as bytes that it stands for.
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

    /// Whether it holds for a record. Data that is no JSON has no fields in it.
    public func holds(for record: ConnectorRecord) -> Bool {
        var edit = RecordEdit(record)
        let value = try? edit.value(of: field)
        let holds =
            switch question {
            case .exists: value != nil
            case .equals(let expected): value.map { $0.inNameOrder.isMeant(by: expected) } ?? false
            }
        return holds != isNegated
    }
}

extension StructuredValue {
    fileprivate func isMeant(by expected: StructuredValue) -> Bool {
        switch (self, expected) {
        case (.timestamp(let time), .string(let text)): time == (try? Timestamp(text))
        case (.bytes(let bytes), .string(let text)):
            (try? AttributeValue(canonical: text, as: .binary)) == .binary(bytes)
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
