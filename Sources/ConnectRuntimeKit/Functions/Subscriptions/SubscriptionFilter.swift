// SPDX-License-Identifier: Apache-2.0

public import CloudEventsCodec
public import OpenConnect

/// A filter expression of the CloudEvents Subscriptions API (section 3.2.4), in one of its dialects.
///
/// ```swift
/// let filter = try SubscriptionFilter.all([
///     .prefix(["type": "com.example.order."]),
///     .not(.exact(["source": "/test"])),
///     .sql("EXISTS subject"),
/// ])
/// ```
///
/// Attributes are compared by their canonical text, whatever their type, and with regard to case. An attribute that a
/// record does not have fulfils none of `exact`, `prefix` and `suffix`. What a filter takes for source and type of records
/// without them it keeps within others.
public struct SubscriptionFilter: RecordCondition {
    /// An attribute and a text that its value has, begins or ends with.
    struct Test: Sendable {
        var name: AttributeName
        var text: String
    }

    enum Comparison: BitwiseCopyable, Sendable {
        case exact, prefix, suffix

        var dialect: String {
            switch self {
            case .exact: "exact"
            case .prefix: "prefix"
            case .suffix: "suffix"
            }
        }
    }

    indirect enum Expression: Sendable {
        case compare(Comparison, [Test])
        case all([Expression])
        case any([Expression])
        case not(Expression)
        case sql(CloudEventsSQL)
        /// With source and type of records that have none.
        case given(EventDefaults, Expression)
    }

    /// What others that contain it are made of.
    let expression: Expression
    private let program: SubscriptionProgram

    init(_ expression: Expression, defaults: EventDefaults? = nil) {
        self.expression = defaults.map { .given($0, expression) } ?? expression
        program = SubscriptionProgram(self.expression)
    }

    // MARK: Dialects

    /// All of these attributes have exactly these values (`exact`).
    ///
    /// - Throws: `ConnectorError` with the code `invalidConfiguration` where there is none, or a text is empty.
    public static func exact(_ attributes: [AttributeName: String]) throws(ConnectorError) -> SubscriptionFilter {
        try compare(.exact, attributes)
    }

    /// The values of all of these attributes begin with these texts (`prefix`).
    ///
    /// - Throws: `ConnectorError` with the code `invalidConfiguration` where there is none, or a text is empty.
    public static func prefix(_ attributes: [AttributeName: String]) throws(ConnectorError) -> SubscriptionFilter {
        try compare(.prefix, attributes)
    }

    /// The values of all of these attributes end with these texts (`suffix`).
    ///
    /// - Throws: `ConnectorError` with the code `invalidConfiguration` where there is none, or a text is empty.
    public static func suffix(_ attributes: [AttributeName: String]) throws(ConnectorError) -> SubscriptionFilter {
        try compare(.suffix, attributes)
    }

    /// Every one of these filters holds (`all`).
    ///
    /// - Throws: `ConnectorError` with the code `invalidConfiguration` where there is none.
    public static func all(_ filters: [SubscriptionFilter]) throws(ConnectorError) -> SubscriptionFilter {
        SubscriptionFilter(.all(try expressions(filters, "all")))
    }

    /// At least one of these filters holds (`any`).
    ///
    /// - Throws: `ConnectorError` with the code `invalidConfiguration` where there is none.
    public static func any(_ filters: [SubscriptionFilter]) throws(ConnectorError) -> SubscriptionFilter {
        SubscriptionFilter(.any(try expressions(filters, "any")))
    }

    /// A filter does not hold (`not`).
    public static func not(_ filter: SubscriptionFilter) -> SubscriptionFilter {
        SubscriptionFilter(.not(filter.expression))
    }

    /// An expression of CloudEvents SQL is true (`sql`). It does not hold where there is an error; a value that is no
    /// Boolean is made one, where that is possible.
    ///
    /// - Throws: `ConnectorError` with the code `invalidConfiguration` where the text is no expression, or one that calls
    ///   a function that does not exist; its cause is a ``CloudEventsSQLError``.
    public static func sql(_ text: String) throws(ConnectorError) -> SubscriptionFilter {
        do throws(MemberRefusal) {
            return SubscriptionFilter(try SubscriptionParser().sql(.string(text), MemberPath().member("sql")))
        } catch {
            throw error.error(in: "the subscription filter")
        }
    }

    private static func compare(
        _ comparison: Comparison,
        _ attributes: [AttributeName: String]
    ) throws(ConnectorError) -> SubscriptionFilter {
        // In an order that does not depend on the dictionary's hashes.
        let members = attributes.sorted { $0.key < $1.key }.map { ($0.key.string, StructuredValue.string($0.value)) }
        let value = StructuredValue.object(StructuredObject(members))
        do throws(MemberRefusal) {
            let path = MemberPath().member(comparison.dialect)
            return SubscriptionFilter(try SubscriptionParser().comparison(comparison, value, path))
        } catch {
            throw error.error(in: "the subscription filter")
        }
    }

    private static func expressions(
        _ filters: [SubscriptionFilter],
        _ dialect: String
    ) throws(ConnectorError) -> [Expression] {
        guard !filters.isEmpty else {
            throw ConnectorError(
                .invalidConfiguration,
                "the subscription filter is wrong: \(dialect) needs at least one filter"
            )
        }
        return filters.map(\.expression)
    }

    // MARK: Conditions

    /// Whether a record fulfils the filter.
    public func holds(for record: ConnectorRecord) -> Bool { program.holds(for: record) }
}
