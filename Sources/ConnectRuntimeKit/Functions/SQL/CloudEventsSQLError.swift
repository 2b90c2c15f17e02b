// SPDX-License-Identifier: Apache-2.0

/// What is wrong with an expression of CloudEvents SQL, or went wrong in its evaluation.
public struct CloudEventsSQLError: Error, Sendable, Hashable {
    /// The kinds of errors that the specification knows (L7).
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        /// The name of the kind.
        public let description: String

        private init(_ name: String) { description = name }

        /// The text is no expression.
        public static let parse = Code("parse")
        /// A division by zero, or a result that 32 bits cannot hold.
        public static let math = Code("math")
        /// A value is not one of the type that is needed.
        public static let cast = Code("cast")
        /// The event does not have the attribute.
        public static let missingAttribute = Code("missingAttribute")
        /// There is no function of that name with that number of arguments.
        public static let missingFunction = Code("missingFunction")
        /// A function cannot do with its arguments.
        public static let functionEvaluation = Code("functionEvaluation")
        /// Anything else: a text would become longer than is allowed.
        public static let generic = Code("generic")
    }

    /// What happened. The message is made of it when somebody asks: most errors are only counted.
    enum Detail: Sendable, Hashable {
        case parse(String)
        case divisionByZero
        case overflow
        case cast(from: CloudEventsSQL.ValueType, to: CloudEventsSQL.ValueType)
        case missingAttribute(String)
        case missingFunction(String, arguments: Int)
        case function(String, String)
        case functionMath(String, String)
        case textTooLong(String, limit: Int)
    }

    let detail: Detail
    /// Where in the expression, as the number of bytes of UTF-8 before it.
    public let offset: Int

    init(_ detail: Detail, at offset: Int) {
        self.detail = detail
        self.offset = offset
    }

    /// The kind of the error.
    public var code: Code {
        switch detail {
        case .parse: .parse
        case .divisionByZero, .overflow, .functionMath: .math
        case .cast: .cast
        case .missingAttribute: .missingAttribute
        case .missingFunction: .missingFunction
        case .function: .functionEvaluation
        case .textTooLong: .generic
        }
    }

    /// What is wrong. It has no values of attributes in it.
    public var message: String {
        switch detail {
        case .parse(let message): message
        case .divisionByZero: "a division by zero"
        case .overflow: "the result is no Integer: it is outside of -2147483648 to 2147483647"
        case .cast(let source, let target): "the \(source) is no \(target)"
        case .missingAttribute(let name): "there is no attribute \(name)"
        case .missingFunction(let name, let count):
            "there is no function \(name) with \(count) argument\(count == 1 ? "" : "s")"
        case .function(let name, let message), .functionMath(let name, let message): "\(name): \(message)"
        case .textTooLong(let name, let limit): "\(name) would make a text of more than \(limit) bytes"
        }
    }
}

extension CloudEventsSQLError: CustomStringConvertible {
    /// Code, message and place on one line.
    public var description: String { "\(code): \(message) (at byte \(offset))" }
}
