// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// Lets through the records for which an expression of CloudEvents SQL is `true`.
///
/// A record for which there is an error, such as an attribute that it does not have, does not pass, and neither does one for
/// which the value is no Boolean (L17). With ``ErrorAction/reject`` such a record is rejected instead, with an error that
/// says what is wrong with it: it goes to the dead letters, or whatever the pipeline does with rejected records.
public struct SQLFilter: RecordFunction {
    /// What becomes of a record for which there is an error.
    public struct ErrorAction: Sendable, Hashable {
        private let isRejection: Bool

        /// It does not pass, as the specification has it.
        public static let filter = ErrorAction(isRejection: false)
        /// It is rejected.
        public static let reject = ErrorAction(isRejection: true)
    }

    /// The expression.
    public let expression: CloudEventsSQL
    /// What becomes of a record for which there is an error.
    public let errorAction: ErrorAction
    private let fallback: SQLFallback?

    /// A filter.
    ///
    /// - Parameters:
    ///   - expression: what has to be `true`.
    ///   - errorAction: what becomes of a record for which there is an error.
    ///   - defaults: source and type of records where neither these nor their partitions say anything.
    /// - Throws: `ConnectorError` with the code `invalidConfiguration` where no record could ever pass: the expression
    ///   calls a function that does not exist, or its value is an Integer or a String.
    public init(
        _ expression: CloudEventsSQL,
        onError errorAction: ErrorAction = .filter,
        defaults: EventDefaults? = nil
    ) throws(ConnectorError) {
        self.expression = expression
        self.errorAction = errorAction
        fallback = defaults.map { SQLFallback($0) }
        if let error = expression.missingFunctions.first {
            throw ConnectorError(.invalidConfiguration, "the SQL filter is wrong: \(error)", cause: error)
        }
        if let type = expression.valueType, type != .boolean {
            throw ConnectorError(
                .invalidConfiguration,
                "the SQL filter is wrong: its value is of the type \(type), and no record would pass; compare it"
            )
        }
    }

    /// The record, or nothing where it does not pass.
    public func apply(_ record: ConnectorRecord) async throws -> FunctionResult {
        try passes(record) ? .record(record) : .filtered
    }

    /// Whether a record passes.
    ///
    /// - Throws: `ConnectorError` with the code `invalidRecord` with ``ErrorAction/reject``, where there is an error.
    public func passes(_ record: ConnectorRecord) throws -> Bool {
        if errorAction == .filter { return expression.passes(record, fallback: fallback) }
        let evaluation = expression.evaluate(record, fallback: fallback)
        guard let error = evaluation.errors.first else {
            if case .boolean(let value) = evaluation.value { return value }
            throw ConnectorError(
                .invalidRecord,
                "the SQL filter gives a value of the type \(evaluation.value.type), not a Boolean",
                position: record.position
            )
        }
        throw ConnectorError(
            .invalidRecord,
            "the SQL filter cannot be evaluated: \(error)",
            cause: error,
            position: record.position
        )
    }
}

extension RecordFunction where Self == SQLFilter {
    /// Lets through the records for which an expression of CloudEvents SQL is `true`:
    /// `.sql("type = 'com.example.order' AND EXISTS subject")`.
    ///
    /// - Parameters:
    ///   - text: the expression.
    ///   - errorAction: what becomes of a record for which there is an error.
    ///   - functions: the functions that the expression may call.
    ///   - defaults: source and type of records where neither these nor their partitions say anything.
    /// - Throws: `ConnectorError` with the code `invalidConfiguration` where the text is no expression, which its cause
    ///   (``CloudEventsSQLError``) says more of, or where no record could ever pass; see
    ///   ``SQLFilter/init(_:onError:defaults:)``.
    public static func sql(
        _ text: String,
        onError errorAction: SQLFilter.ErrorAction = .filter,
        functions: CloudEventsSQL.Functions = .builtIn,
        defaults: EventDefaults? = nil
    ) throws(ConnectorError) -> SQLFilter {
        let expression: CloudEventsSQL
        do throws(CloudEventsSQLError) {
            expression = try CloudEventsSQL(text, functions: functions)
        } catch {
            throw ConnectorError(.invalidConfiguration, "the SQL filter is wrong: \(error)", cause: error)
        }
        return try SQLFilter(expression, onError: errorAction, defaults: defaults)
    }
}
