// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// Holds for the records for which an expression of CloudEvents SQL is `true`.
///
/// It does not hold for a record for which there is an error, such as an attribute that it does not have, nor where the
/// value is no Boolean (L17). With ``ErrorAction/reject`` it throws instead, with an error that says what is wrong with
/// the record: that goes to the dead letters, or whatever the pipeline does with rejected records.
public struct SQLCondition: RecordCondition {
    /// What comes of a record for which there is an error.
    public struct ErrorAction: Sendable, Hashable {
        private let isRejection: Bool

        /// The condition does not hold, as the specification has it.
        public static let isFalse = ErrorAction(isRejection: false)
        /// The record is rejected.
        public static let reject = ErrorAction(isRejection: true)
    }

    /// The expression.
    public let expression: CloudEventsSQL
    /// What comes of a record for which there is an error.
    public let errorAction: ErrorAction
    private let fallback: SQLFallback?

    private init(_ expression: CloudEventsSQL, _ errorAction: ErrorAction, _ fallback: SQLFallback?) {
        self.expression = expression
        self.errorAction = errorAction
        self.fallback = fallback
    }

    /// A condition.
    ///
    /// - Parameters:
    ///   - expression: what has to be `true`.
    ///   - errorAction: what comes of a record for which there is an error.
    ///   - defaults: source and type of records where neither these nor their partitions say anything.
    /// - Throws: `ConnectorError` with the code `invalidConfiguration` where it could never hold: the expression calls a
    ///   function that does not exist, or its value is an Integer or a String.
    public init(
        _ expression: CloudEventsSQL,
        onError errorAction: ErrorAction = .isFalse,
        defaults: EventDefaults? = nil
    ) throws(ConnectorError) {
        self.expression = expression
        self.errorAction = errorAction
        fallback = defaults.map { SQLFallback($0) }
        if let error = expression.missingFunctions.first {
            throw ConnectorError(.invalidConfiguration, "the SQL expression is wrong: \(error)", cause: error)
        }
        if let type = expression.valueType, type != .boolean {
            throw ConnectorError(
                .invalidConfiguration,
                "the SQL expression is wrong: its value is of the type \(type), and it would hold for no record; "
                    + "compare it"
            )
        }
    }

    /// The same, but that records for which there is an error are rejected.
    var rejectingErrors: SQLCondition {
        SQLCondition(expression, .reject, fallback)
    }

    /// Whether the expression is `true` for a record.
    ///
    /// - Throws: `ConnectorError` with the code `invalidRecord` with ``ErrorAction/reject``, where there is an error.
    public func holds(for record: ConnectorRecord) throws -> Bool {
        if errorAction == .isFalse { return expression.passes(record, fallback: fallback) }
        let evaluation = expression.evaluate(record, fallback: fallback)
        guard let error = evaluation.errors.first else {
            if case .boolean(let value) = evaluation.value { return value }
            throw ConnectorError(
                .invalidRecord,
                "the SQL expression gives a value of the type \(evaluation.value.type), not a Boolean",
                position: record.position
            )
        }
        throw ConnectorError(
            .invalidRecord,
            "the SQL expression cannot be evaluated: \(error)",
            cause: error,
            position: record.position
        )
    }
}

extension RecordCondition where Self == SQLCondition {
    /// Holds for the records for which an expression of CloudEvents SQL is `true`:
    /// `.sql("type = 'com.example.order' AND EXISTS subject")`.
    ///
    /// - Parameters:
    ///   - text: the expression.
    ///   - errorAction: what comes of a record for which there is an error.
    ///   - functions: the functions that the expression may call.
    ///   - defaults: source and type of records where neither these nor their partitions say anything.
    /// - Throws: `ConnectorError` with the code `invalidConfiguration` where the text is no expression, which its cause
    ///   (``CloudEventsSQLError``) says more of, or where it could never hold; see
    ///   ``SQLCondition/init(_:onError:defaults:)``.
    public static func sql(
        _ text: String,
        onError errorAction: SQLCondition.ErrorAction = .isFalse,
        functions: CloudEventsSQL.Functions = .builtIn,
        defaults: EventDefaults? = nil
    ) throws(ConnectorError) -> SQLCondition {
        let expression: CloudEventsSQL
        do throws(CloudEventsSQLError) {
            expression = try CloudEventsSQL(text, functions: functions)
        } catch {
            throw ConnectorError(.invalidConfiguration, "the SQL expression is wrong: \(error)", cause: error)
        }
        return try SQLCondition(expression, onError: errorAction, defaults: defaults)
    }
}
