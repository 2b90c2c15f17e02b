// SPDX-License-Identifier: Apache-2.0

public import CloudEventsCodec

/// An expression of CloudEvents SQL 1.0: read once, evaluated for any number of events and records.
///
/// ```swift
/// let expression = try CloudEventsSQL("type = 'com.example.order' AND EXISTS subject")
/// let evaluation = expression.evaluate(event)
/// print(evaluation.value, evaluation.errors)
/// ```
///
/// Evaluating always gives a value and a list of errors (L7), which is empty where nothing is wrong; it never throws.
public struct CloudEventsSQL: Sendable {
    /// How large an expression and what it makes may be.
    public struct Limits: Sendable {
        /// The length of the expression, in bytes of UTF-8.
        public var expressionLength: Int
        /// How deep parentheses, calls and unary operators may be nested.
        public var nesting: Int
        /// The length of a text that a built-in function makes, in bytes of UTF-8. A longer one is a `generic` error.
        public var textLength: Int

        /// Limits; those that are not given have their usual values.
        public init(expressionLength: Int = 16_384, nesting: Int = 64, textLength: Int = 1_048_576) {
            self.expressionLength = expressionLength
            self.nesting = min(nesting, 256)
            self.textLength = textLength
        }
    }

    /// What came of an evaluation.
    public struct Evaluation: Sendable, Hashable {
        /// The value; where there are errors, what the specification has an expression with them be.
        public var value: Value
        /// What went wrong, in the order in which it happened.
        public var errors: [CloudEventsSQLError]

        /// Whether an event passes a filter of the expression: the value is `true`, and there are no errors (L17).
        public var passes: Bool { errors.isEmpty && value == .boolean(true) }
    }

    /// The expression as it was given.
    public let text: String
    let program: SQLProgram

    /// Reads an expression.
    ///
    /// - Parameters:
    ///   - text: the expression.
    ///   - functions: the functions that it may call.
    ///   - limits: how large it may be.
    /// - Throws: ``CloudEventsSQLError`` with the code `parse`, which says at which byte what was expected. The value of
    ///   such an expression is `false` for every event (L7). A call of a function that does not exist is no such error:
    ///   see ``missingFunctions``.
    public init(
        _ text: String,
        functions: Functions = .builtIn,
        limits: Limits = Limits()
    ) throws(CloudEventsSQLError) {
        self.text = text
        var parser = try SQLParser(text, functions: functions, limits: limits)
        program = try parser.parse()
    }

    /// Evaluates the expression for an event.
    public func evaluate(_ event: CloudEvent) -> Evaluation { evaluate(event, fallback: nil) }

    /// Whether an event passes a filter of the expression (L17): as ``Evaluation/passes``, and done at the first error.
    public func passes(_ event: CloudEvent) -> Bool { passes(event, fallback: nil) }

    /// The calls of functions that do not exist with that number of arguments, one error for each (L7, L16).
    public var missingFunctions: [CloudEventsSQLError] { program.missingFunctions }

    /// The type of the value where the expression alone says it; `nil` where it depends on which attributes an event has.
    public var valueType: ValueType? { program.type(of: program.root) }

    func evaluate(_ input: some SQLInput, fallback: SQLFallback?) -> Evaluation {
        defer { withExtendedLifetime(program) {} }
        var evaluation = SQLEvaluation(program, fallback: fallback, isFilter: false)
        // A missing attribute alone has no type that could be known (L8).
        let value = evaluation.value(of: program.root, input) ?? .boolean(false)
        return Evaluation(value: value, errors: evaluation.errors)
    }

    func passes(_ input: some SQLInput, fallback: SQLFallback?) -> Bool {
        defer { withExtendedLifetime(program) {} }
        var evaluation = SQLEvaluation(program, fallback: fallback, isFilter: true)
        guard case .boolean(true) = evaluation.value(of: program.root, input) else { return false }
        return evaluation.errorCount == 0
    }
}

extension CloudEventsSQL: CustomStringConvertible {
    /// The expression as it was understood: operators of one rank in a row go from left to right, and what binds tighter is
    /// in parentheses. Read again, with as many levels of nesting as that needs, it is the same one.
    public var description: String { program.description(of: program.root) }
}
