// SPDX-License-Identifier: Apache-2.0

extension CloudEventsSQL {
    /// A function that expressions can call, known by its name and the number of its arguments (L16).
    ///
    /// ```swift
    /// let isWeekend = try CloudEventsSQL.Function("IS_WEEKEND", .string, returning: .boolean) { arguments in
    ///     .boolean(weekends.contains(arguments[0].description))
    /// }
    /// ```
    public struct Function: Sendable {
        /// What a function does.
        public typealias Body = @Sendable (_ arguments: [Value]) throws -> Value

        enum Work: Sendable {
            case cast(ValueType)
            case isCastable(ValueType)
            case builtIn(BuiltInFunction)
            case body(Body)
        }

        /// The name in capital letters; calls may write it in any case.
        public let name: String
        /// The types of the arguments that have to be there.
        public let parameters: [ValueType]
        /// The type of any number of further arguments; `nil` where there may be none.
        public let rest: ValueType?
        /// The type of what it returns.
        public let returnType: ValueType
        let work: Work

        /// A function.
        ///
        /// - Parameters:
        ///   - name: letters and `_`, the first one a letter, and no keyword.
        ///   - parameters: the types of the arguments; these are cast to them (L10).
        ///   - rest: the type of any number of further arguments, or `nil`.
        ///   - returnType: the type of the result.
        ///   - body: makes the result of as many values as there are arguments, which have these types. It returns the
        ///     same for the same arguments. What it throws becomes an error with the code `functionEvaluation`, and its
        ///     value that of a ``FunctionFailure`` or else the zero value; so does a result of another type.
        /// - Throws: ``CloudEventsSQLError`` with the code `parse` where no call could have the name.
        public init(
            _ name: String,
            _ parameters: ValueType...,
            rest: ValueType? = nil,
            returning returnType: ValueType,
            body: @escaping Body
        ) throws(CloudEventsSQLError) {
            guard SQLLexer.isFunctionName(name) else {
                let message = "a function's name has letters and _, begins with a letter, and is no keyword"
                throw CloudEventsSQLError(.parse(message), at: 0)
            }
            self.init(name: name.uppercased(), parameters, rest, returnType, .body(body))
        }

        init(
            name: String,
            _ parameters: [ValueType],
            _ rest: ValueType? = nil,
            _ returnType: ValueType,
            _ work: Work
        ) {
            self.name = name
            self.parameters = parameters
            self.rest = rest
            self.returnType = returnType
            self.work = work
        }

        /// The type of an argument; `nil` where it may have any.
        func parameterType(at index: Int) -> ValueType? {
            switch work {
            case .cast, .isCastable: nil
            case .builtIn, .body: index < parameters.count ? parameters[index] : rest
            }
        }
    }

    /// What a function throws that cannot do with its arguments.
    public struct FunctionFailure: Error {
        /// What is wrong.
        public var message: String
        /// What the function gives all the same; `nil` is the zero value of its type.
        public var value: Value?

        /// A failure.
        public init(_ message: String, returning value: Value? = nil) {
            self.message = message
            self.value = value
        }
    }

    /// The functions that an expression may call.
    public struct Functions: Sendable {
        private var byName: [String: [Function]] = [:]

        /// Those of the specification.
        public static let builtIn: Functions = {
            var functions = Functions()
            for function in BuiltInFunction.all { functions.byName[function.name, default: []].append(function) }
            return functions
        }()

        private init() {}

        /// Adds a function.
        ///
        /// - Throws: ``CloudEventsSQLError`` with the code `parse` where calls could not be told apart (L16): there is
        ///   one of that name with as many arguments, or the one with any number of further arguments does not have more
        ///   fixed ones than all others.
        public mutating func add(_ function: Function) throws(CloudEventsSQLError) {
            let others = byName[function.name] ?? []
            let fixed = function.parameters.count
            let isClear =
                if function.rest != nil {
                    others.allSatisfy { $0.rest == nil && $0.parameters.count < fixed }
                } else {
                    others.allSatisfy { $0.rest == nil ? $0.parameters.count != fixed : $0.parameters.count > fixed }
                }
            guard isClear else {
                let message = "\(function.name) with \(fixed) arguments cannot be told apart from what there is"
                throw CloudEventsSQLError(.parse(message), at: 0)
            }
            byName[function.name] = others + [function]
        }

        /// These functions and another one; see ``add(_:)``.
        public func adding(_ function: Function) throws(CloudEventsSQLError) -> Functions {
            var copy = self
            try copy.add(function)
            return copy
        }

        func find(_ name: String, arguments: Int) -> Function? {
            byName[name]?.first { function in
                let fixed = function.parameters.count
                return function.rest == nil ? arguments == fixed : arguments >= fixed
            }
        }
    }
}
