// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// One change of a record's fields; ``FieldsFunction`` applies several in one go.
///
/// Any field can be the object of any operation: attributes, headers, key, data and what is in them are the same here.
/// What reads a field that is not there does nothing, unless the function is told otherwise.
public struct FieldOperation: Sendable {
    enum Step: Sendable {
        case set(RecordField, StructuredValue)
        case setIfMissing(RecordField, StructuredValue)
        case fill(RecordField, RecordTemplate)
        case copy(RecordField, to: RecordField)
        case move(RecordField, to: RecordField)
        case remove([RecordField])
        case keep(Set<ExactText>, RecordField)
        case rename(RecordField, TextChange)
        case change(RecordField, TextChange)
        case cast(RecordField, FieldType)
        case convertTime(RecordField, from: TimeFormat?, to: TimeFormat)
        case flatten(RecordField, String)
        case mask(RecordField, StructuredValue?)
        /// What cannot be done; said when a function is made of it.
        case invalid(String)
    }

    let step: Step

    // MARK: Values

    /// Gives a field a value, whatever it was; objects on the way to it are made. Data that is absent stays absent.
    public static func set(_ field: RecordField, to value: StructuredValue) -> FieldOperation {
        FieldOperation(step: .set(field, value))
    }

    /// Gives a field a value where it is not there, or null.
    public static func setIfMissing(_ field: RecordField, to value: StructuredValue) -> FieldOperation {
        FieldOperation(step: .setIfMissing(field, value))
    }

    /// Gives a field what a template makes of the record: a text, or a value where the template is JSON.
    public static func set(_ field: RecordField, from template: RecordTemplate) -> FieldOperation {
        FieldOperation(step: .fill(field, template))
    }

    /// Changes the text of a field.
    public static func change(_ field: RecordField, _ change: TextChange) -> FieldOperation {
        FieldOperation(step: .change(field, change))
    }

    /// Gives a field another type.
    public static func cast(_ field: RecordField, to type: FieldType) -> FieldOperation {
        FieldOperation(step: .cast(field, type))
    }

    /// Writes a point in time in another format.
    ///
    /// - Parameters:
    ///   - field: holds the time; null stays null.
    ///   - source: how it is written now; may be left out for times and for texts in RFC 3339.
    ///   - target: how to write it.
    public static func convertTime(
        _ field: RecordField,
        from source: TimeFormat? = nil,
        to target: TimeFormat
    ) -> FieldOperation {
        FieldOperation(step: .convertTime(field, from: source, to: target))
    }

    /// Hides a value.
    ///
    /// - Parameters:
    ///   - field: what to hide; null stays null.
    ///   - replacement: what is seen instead; where it is `nil`, the empty value of the same type: 0, false, no text, no
    ///     elements, no members, the beginning of 1970.
    public static func mask(_ field: RecordField, with replacement: StructuredValue? = nil) -> FieldOperation {
        FieldOperation(step: .mask(field, replacement))
    }

    // MARK: Places

    /// Gives one field the value of another. All of data or key can be replaced by a part of itself.
    public static func copy(_ field: RecordField, to target: RecordField) -> FieldOperation {
        FieldOperation(step: .copy(field, to: target))
    }

    /// Gives a value another place or name. All of data or key can become a part of itself, and the other way round.
    ///
    /// Data that is absent has no parts: what would be moved into it stays where it is.
    public static func move(_ field: RecordField, to target: RecordField) -> FieldOperation {
        FieldOperation(step: .move(field, to: target))
    }

    /// Makes data or key a member of an object: `5` becomes `{"count":5}`.
    public static func hoist(_ field: RecordField = "data", as name: String) -> FieldOperation {
        guard let member = try? field.member(name) else {
            return FieldOperation(step: .invalid("\(field) cannot be wrapped"))
        }
        return move(field, to: member)
    }

    /// Leaves of data or key just one field: `{"count":5}` becomes `5`.
    public static func extract(_ field: RecordField) -> FieldOperation {
        switch field.place {
        case .data, .key: move(field, to: field.root)
        default: FieldOperation(step: .invalid("\(field) cannot be extracted"))
        }
    }

    /// Removes fields.
    public static func remove(_ fields: RecordField...) -> FieldOperation { remove(fields) }

    /// Removes fields.
    public static func remove(_ fields: [RecordField]) -> FieldOperation { FieldOperation(step: .remove(fields)) }

    /// Leaves of the members of an object only those with these names; all headers or extensions are an object too.
    public static func keep(_ names: [String], in object: RecordField = "data") -> FieldOperation {
        FieldOperation(step: .keep(Set(names.map { ExactText($0) }), object))
    }

    /// Changes the names of the members of an object, not of those further inside.
    public static func rename(in object: RecordField = "data", _ change: TextChange) -> FieldOperation {
        FieldOperation(step: .rename(object, change))
    }

    /// Leaves one level of an object: `{"a":{"b":1}}` becomes `{"a.b":1}`. Arrays, and objects without members, stay.
    public static func flatten(_ object: RecordField = "data", separator: String = ".") -> FieldOperation {
        FieldOperation(step: .flatten(object, separator))
    }
}

extension FieldOperation: CustomStringConvertible {
    /// What is done to which field; no value is shown.
    public var description: String {
        switch step {
        case .set(let field, _), .fill(let field, _): "set \(field)"
        case .setIfMissing(let field, _): "set \(field) if it is missing"
        case .copy(let field, let target): "copy \(field) to \(target)"
        case .move(let field, let target): "move \(field) to \(target)"
        case .remove(let fields): "remove " + fields.map(\.description).joined(separator: ", ")
        case .keep(_, let field): "keep fields in \(field)"
        case .rename(let field, _): "rename fields in \(field)"
        case .change(let field, _): "change \(field)"
        case .cast(let field, let type): "cast \(field) to \(type)"
        case .convertTime(let field, _, let format): "convert the time \(field) to \(format)"
        case .flatten(let field, _): "flatten \(field)"
        case .mask(let field, _): "mask \(field)"
        case .invalid(let reason): reason
        }
    }
}
