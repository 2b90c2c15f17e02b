// SPDX-License-Identifier: Apache-2.0

/// What the values of a setting look like, for documentation and JSON Schema.
public struct SettingShape: Sendable {
    /// In words, such as `duration such as 250ms, 1s or 5m`.
    public var words: String
    /// The keywords of JSON Schema (draft 2020-12) that describe such a value, without references.
    public var schema: StructuredObject
    /// Whether nothing may show a value.
    public var isSecret = false
    /// Whether there may be no value.
    public var isOptional = false
    /// Whether null is one of the values.
    var hasNull = false
    /// Whether null says that there is no value.
    var takesNullForNone: Bool { isOptional && !hasNull }
    /// The settings inside, where a value is an object with settings of its own, or a list of such.
    var group: SettingGroup?
    /// Whether a value is a list.
    var isList = false
    /// Whether a value is an object or a list, which in the environment is written as JSON.
    package var isStructured = false

    /// The shape of a value that is written as one text, number or truth value.
    public init(_ words: String, schema: StructuredObject = ["type": .string("string")]) {
        self.words = words
        self.schema = schema
    }

    /// A shape whose values are texts, and no others than these.
    static func words(_ texts: [String]) -> SettingShape {
        let schema: StructuredObject = ["enum": .array(texts.map { .string($0) })]
        return SettingShape(texts.map { "`\($0)`" }.joined(separator: ", "), schema: schema)
    }
}
