// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
public import OpenConnect

/// A text, or JSON, into which fields of a record are put: `${data.order.id}`, `${subject:-none}`.
///
/// What stands between `${` and `}` is a ``RecordField``, then perhaps `:-` and what to put where the field is not there or
/// null. `$${` stands for `${`.
///
/// In a text a value is put as its text: digits as they are, times in RFC 3339, bytes in base64, arrays and objects as
/// JSON, and nothing where there is nothing.
///
/// In JSON a placeholder within a string is a part of that string, whatever the value. One in the place of a value becomes the
/// value as JSON, with the digits of its numbers, or null where there is none; a fallback is JSON where it is JSON, and a
/// string otherwise. So every record gives JSON of the same shape, and no data can change it.
public struct RecordTemplate: Sendable {
    enum Part: Sendable {
        /// JSON as it stands in the template.
        case raw(SharedBytes)
        /// The whole of a text, or a string of JSON.
        case text([TextPart])
        /// A value of JSON within so many arrays and objects.
        case value(Placeholder, depth: Int)
    }

    enum TextPart: Sendable {
        case literal(String)
        case placeholder(Placeholder)
    }

    /// What a value is taken from.
    struct Placeholder: Sendable {
        enum Origin: Sendable {
            case field(RecordField)
            case constant(String)
        }

        var origin: Origin
        var fallback: String?
    }

    /// Whether it makes JSON.
    public let isJSON: Bool
    private let parts: [Part]
    /// Whether names of members come from the record: two of them may be the same.
    private let hasOpenNames: Bool

    /// A template of a text.
    ///
    /// - Parameters:
    ///   - text: the template.
    ///   - variables: further names for placeholders. What begins with `$.` is a field, anything else a constant.
    /// - Throws: ``/OpenConnect/ConnectorError`` with the code `invalidConfiguration` that says what is wrong with it.
    public init(text: String, variables: [String: String] = [:]) throws {
        isJSON = false
        hasOpenNames = false
        parts = [.text(try TemplateParser(variables).textParts(text))]
    }

    /// A template of JSON, with placeholders in strings and in the place of values: `{"total": ${data.total}}`.
    ///
    /// - Parameters:
    ///   - text: the template.
    ///   - variables: as for a text.
    /// - Throws: ``/OpenConnect/ConnectorError`` with the code `invalidConfiguration` that says what is wrong with it.
    public init(json text: String, variables: [String: String] = [:]) throws {
        isJSON = true
        (parts, hasOpenNames) = try TemplateParser(variables).jsonParts(text)
    }

    /// A template of JSON as a value whose strings are templates; one that is just a placeholder becomes the value itself.
    ///
    /// - Parameters:
    ///   - json: the template: `{"total": "${data.total}", "note": "of ${subject}"}`.
    ///   - variables: as for a text.
    /// - Throws: ``/OpenConnect/ConnectorError`` with the code `invalidConfiguration` that says what is wrong with it.
    public init(json: StructuredValue, variables: [String: String] = [:]) throws {
        isJSON = true
        (parts, hasOpenNames) = try TemplateParser(variables).jsonParts(json)
    }

    // MARK: Applying

    /// What the template makes of a record.
    func data(for edit: inout RecordEdit, missing: MissingFieldPolicy) throws -> RecordData {
        var writer = JSONWriter(capacity: 256)
        for part in parts {
            switch part {
            case .raw(let json):
                writer.writeRaw(json)
            case .text(let parts):
                let text = try Self.text(parts, &edit, missing)
                if isJSON { writer.writeString(text) } else { return .text(text) }
            case .value(let placeholder, let depth):
                writer.writeRaw(try Self.json(placeholder, depth, &edit, missing))
            }
        }
        let json = writer.finish()
        if hasOpenNames {
            do {
                _ = try StructuredValue(json: json)
            } catch let error as ConnectorError {
                throw ConnectorError(.invalidRecord, "the template does not give usable JSON: \(error.message)")
            }
        }
        return .json(checked: json)
    }

    /// The same as a value.
    func value(for edit: inout RecordEdit, missing: MissingFieldPolicy) throws -> StructuredValue {
        try data(for: &edit, missing: missing).structured
    }

    private static func text(
        _ parts: [TextPart],
        _ edit: inout RecordEdit,
        _ missing: MissingFieldPolicy
    ) throws -> String {
        var text = ""
        for part in parts {
            switch part {
            case .literal(let literal): text += literal
            case .placeholder(let placeholder):
                text += try placeholder.value(&edit, missing)?.text() ?? placeholder.fallback ?? ""
            }
        }
        return text
    }

    private static func json(
        _ placeholder: Placeholder,
        _ depth: Int,
        _ edit: inout RecordEdit,
        _ missing: MissingFieldPolicy
    ) throws -> SharedBytes {
        if case .constant(let text) = placeholder.origin { return json(of: text) }
        guard let value = try placeholder.value(&edit, missing) else {
            return placeholder.fallback.map { json(of: $0) } ?? StructuredValue.null.json
        }
        return try value.validatedJSON(depth: depth)
    }

    /// A constant as JSON: what is JSON as it is, else a string.
    static func json(of constant: String) -> SharedBytes {
        (try? StructuredValue(json: SharedBytes(utf8: constant)))?.json ?? StructuredValue.string(constant).json
    }
}

extension RecordTemplate.Placeholder {
    /// The value, where there is one that is not null.
    fileprivate func value(_ edit: inout RecordEdit, _ missing: MissingFieldPolicy) throws -> StructuredValue? {
        switch origin {
        case .constant(let text): return .string(text)
        case .field(let field):
            let value = try edit.value(of: field)
            if value == nil, fallback == nil, missing == .reject {
                throw ConnectorError(.invalidRecord, "the template needs \(field), which is not there")
            }
            return value == .null ? nil : value
        }
    }
}
