// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// A condition as a configuration has it: a text is an expression of CloudEvents SQL, an object is a pattern, or the name
/// of a field with what is asked of it.
///
/// ```json
/// "when": "type = 'com.example.order' AND EXISTS subject"
/// "when": { "data": { "total": [ { "numeric": [">", 100] } ] } }
/// "when": { "field": "headers.trace" }
/// "when": { "field": "data", "exists": false }
/// "when": { "field": "type", "equals": "com.example.order" }
/// ```
public struct ConfiguredCondition: RecordCondition, SettingValue {
    private let condition: any RecordCondition

    /// SQL, a pattern, or a field.
    public static var settingShape: SettingShape {
        let kinds: [StructuredValue] = [.string("string"), .string("object")]
        return SettingShape(
            "CloudEvents SQL as text, or a pattern or a field as object",
            schema: ["type": .array(kinds)]
        )
    }

    /// Reads an expression, a pattern or a field.
    ///
    /// - Throws: `SettingProblem` that says what is wrong with it.
    public init(setting input: SettingInput) throws {
        switch input.content {
        case .text: condition = try SQLCondition(setting: input)
        case .object where try FieldCondition.isMeant(by: input): condition = try FieldCondition(setting: input)
        case .object: condition = try RecordPattern(setting: input)
        default: throw input.mismatch("CloudEvents SQL in quotes, or a pattern or a field in braces")
        }
    }

    /// Whether it holds for a record.
    public func holds(for record: ConnectorRecord) throws -> Bool { try condition.holds(for: record) }
}
