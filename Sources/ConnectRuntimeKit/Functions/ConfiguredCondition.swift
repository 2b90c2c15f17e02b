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
        do {
            switch try StructuredValue(setting: input) {
            case .string(let text): condition = try SQLCondition.sql(text)
            case .object(let object) where FieldCondition.isMeant(by: object):
                condition = try FieldCondition(setting: input)
            case .object(let pattern): condition = try RecordPattern(.object(pattern))
            default: throw input.mismatch("CloudEvents SQL in quotes, or a pattern or a field in braces")
            }
        } catch let error as ConnectorError {
            throw input.problem(error.message)
        }
    }

    /// Whether it holds for a record.
    public func holds(for record: ConnectorRecord) throws -> Bool { try condition.holds(for: record) }
}
