// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// A description of records: which values their attributes and the members of their data have.
///
/// ```swift
/// let pattern = try RecordPattern(
///     json: """
///         { "type": [{ "prefix": "com.example.order." }],
///           "data": { "total": [{ "numeric": [">=", 100] }], "customer": { "country": ["DE", "AT"] } } }
///         """
/// )
/// ```
///
/// It is the filter language of EventMesh, as in Amazon EventBridge. All fields that a pattern names have to match, each
/// by one of the values and conditions in its array. See <doc:Filtering> for the conditions, and for what is done with
/// arrays, missing members and data that are not JSON.
public struct RecordPattern: RecordCondition {
    private let program: PatternProgram
    private let defaults: EventDefaults?

    /// A pattern from its JSON text.
    ///
    /// - Parameters:
    ///   - json: an object.
    ///   - defaults: source and type of records where neither these nor their partitions say anything.
    /// - Throws: `ConnectorError` with the code `invalidConfiguration`: the text is not JSON, or a member of the pattern
    ///   is wrong, which the message names by its path, such as `data.order.total[0].numeric`.
    public init(json: String, defaults: EventDefaults? = nil) throws(ConnectorError) {
        let value = try StructuredValue(json, in: "the pattern")
        try self.init(value, defaults: defaults)
    }

    /// A pattern from the structured value that its JSON text stands for.
    ///
    /// - Parameters:
    ///   - value: an object.
    ///   - defaults: source and type of records where neither these nor their partitions say anything.
    /// - Throws: `ConnectorError` with the code `invalidConfiguration`, which names the wrong member by its path.
    public init(_ value: StructuredValue, defaults: EventDefaults? = nil) throws(ConnectorError) {
        do throws(MemberRefusal) {
            try self.init(value: value, defaults: defaults)
        } catch {
            throw error.error(in: "the pattern")
        }
    }

    init(value: StructuredValue, defaults: EventDefaults?) throws(MemberRefusal) {
        var parser = PatternParser()
        program = try parser.program(value)
        self.defaults = defaults
    }

    /// Whether a record is what the pattern describes.
    ///
    /// The data are read in one pass and without making values of them. It never throws: data that are not what their
    /// content type says have no members.
    public func holds(for record: ConnectorRecord) -> Bool { program.matches(record, defaults) }
}

extension RecordCondition where Self == RecordPattern {
    /// Holds for the records that a pattern describes: `.pattern(#"{ "type": ["com.example.order"] }"#)`.
    ///
    /// - Throws: `ConnectorError` with the code `invalidConfiguration`; see ``RecordPattern/init(json:defaults:)``.
    public static func pattern(_ json: String, defaults: EventDefaults? = nil) throws(ConnectorError) -> RecordPattern {
        try RecordPattern(json: json, defaults: defaults)
    }
}
