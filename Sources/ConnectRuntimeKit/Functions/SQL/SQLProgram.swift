// SPDX-License-Identifier: Apache-2.0

/// The operators between two operands.
enum SQLOperator: UInt8 {
    case and, or, xor
    case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual
    case add, subtract
    case multiply, divide, remainder

    /// How tightly it binds; LIKE and IN bind tighter (L5).
    var precedence: Int {
        switch self {
        case .and, .or, .xor: 1
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual: 2
        case .add, .subtract: 3
        case .multiply, .divide, .remainder: 4
        }
    }

    var type: CloudEventsSQL.ValueType { precedence > 2 ? .integer : .boolean }

    var symbol: String {
        switch self {
        case .and: "AND"
        case .or: "OR"
        case .xor: "XOR"
        case .equal: "="
        case .notEqual: "!="
        case .less: "<"
        case .lessOrEqual: "<="
        case .greater: ">"
        case .greaterOrEqual: ">="
        case .add: "+"
        case .subtract: "-"
        case .multiply: "*"
        case .divide: "/"
        case .remainder: "%"
        }
    }
}

/// An expression as it is evaluated: terms that refer to each other by their places, without any pointer among them.
///
/// What stands left of an operator is not nested. `a + b * c = d AND e` is the term `a` and four steps, each of which makes
/// of the value so far and an operand the next value; so only parentheses, calls and unary operators make evaluation deep.
///
/// The tables are memory of its own that is written by the initializer alone, which is why it is safe to send. In arrays, each
/// look at a term counted references: that was half of the time.
final class SQLProgram: @unchecked Sendable {
    enum Term: Sendable {
        case boolean(Bool)
        case integer(Int32)
        /// The place in ``strings``.
        case string(Int32)
        /// The place in ``attributes``.
        case attribute(Int32)
        case exists(Int32)
        case not(Int32, offset: Int32)
        case negate(Int32, offset: Int32)
        /// The place in ``calls``.
        case call(Int32)
        /// A term, and the steps that follow.
        case chain(Int32, from: Int32, to: Int32)
    }

    /// What is done with the value so far.
    struct Step: Sendable {
        enum Action: Sendable {
            /// With the operand's term.
            case binary(SQLOperator, Int32)
            /// With the place in ``patterns``.
            case like(Int32, isNegated: Bool)
            /// With the place in ``sets``.
            case `in`(Int32, isNegated: Bool)
        }
        var action: Action
        var offset: Int32
    }

    struct Literal: @unchecked Sendable {
        var value: String
        /// Its bytes, which the program frees.
        var utf8: UnsafeRawBufferPointer
        /// As it is written, with its quotes.
        var source: String
    }

    struct Pattern: Sendable {
        var pattern: LikePattern
        var source: String
    }

    struct Attribute: Sendable {
        var attribute: SQLAttribute
        var offset: Int32
    }

    struct Call: Sendable {
        var name: String
        /// `nil` where there is no such function.
        var function: CloudEventsSQL.Function?
        var arguments: [Int32]
        var offset: Int32
    }

    /// What the parser makes.
    struct Tables {
        var terms: [Term] = []
        var steps: [Step] = []
        var strings: [(value: String, source: String)] = []
        var patterns: [Pattern] = []
        var attributes: [Attribute] = []
        var sets: [[Int32]] = []
        var calls: [Call] = []
    }

    let terms: UnsafeBufferPointer<Term>
    let steps: UnsafeBufferPointer<Step>
    let strings: UnsafeBufferPointer<Literal>
    let patterns: UnsafeBufferPointer<Pattern>
    let attributes: UnsafeBufferPointer<Attribute>
    let sets: UnsafeBufferPointer<[Int32]>
    let calls: UnsafeBufferPointer<Call>
    let root: Int32
    let textLimit: Int

    init(_ tables: Tables, root: Int32, textLimit: Int) {
        terms = Self.copy(tables.terms)
        steps = Self.copy(tables.steps)
        strings = Self.copy(
            tables.strings.map { Literal(value: $0.value, utf8: Self.bytes($0.value), source: $0.source) }
        )
        patterns = Self.copy(tables.patterns)
        attributes = Self.copy(tables.attributes)
        sets = Self.copy(tables.sets)
        calls = Self.copy(tables.calls)
        self.root = root
        self.textLimit = textLimit
    }

    private static func copy<Element>(_ elements: [Element]) -> UnsafeBufferPointer<Element> {
        let copy = UnsafeMutableBufferPointer<Element>.allocate(capacity: elements.count)
        _ = copy.initialize(from: elements)
        return UnsafeBufferPointer(copy)
    }

    private static func bytes(_ text: String) -> UnsafeRawBufferPointer {
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: text.utf8.count, alignment: 1)
        bytes.copyBytes(from: text.utf8)
        return UnsafeRawBufferPointer(bytes)
    }

    private static func free<Element>(_ elements: UnsafeBufferPointer<Element>) {
        UnsafeMutableBufferPointer(mutating: elements).deinitialize()
        elements.deallocate()
    }

    deinit {
        for literal in strings { literal.utf8.deallocate() }
        Self.free(terms)
        Self.free(steps)
        Self.free(strings)
        Self.free(patterns)
        Self.free(attributes)
        Self.free(sets)
        Self.free(calls)
    }

    /// The tables without the object that owns them, to which a reference would be counted at each look.
    struct View {
        let terms: UnsafeBufferPointer<Term>
        let steps: UnsafeBufferPointer<Step>
        let strings: UnsafeBufferPointer<Literal>
        let patterns: UnsafeBufferPointer<Pattern>
        let attributes: UnsafeBufferPointer<Attribute>
        let sets: UnsafeBufferPointer<[Int32]>
        let calls: UnsafeBufferPointer<Call>
        let textLimit: Int
    }

    /// Valid while the program is kept alive.
    var view: View {
        View(
            terms: terms,
            steps: steps,
            strings: strings,
            patterns: patterns,
            attributes: attributes,
            sets: sets,
            calls: calls,
            textLimit: textLimit
        )
    }

    var missingFunctions: [CloudEventsSQLError] {
        calls.filter { $0.function == nil }.map { $0.missing }
    }

    /// The type of a term's value where it does not depend on an event.
    func type(of term: Int32) -> CloudEventsSQL.ValueType? {
        switch terms[Int(term)] {
        case .boolean, .exists, .not: return .boolean
        case .integer, .negate: return .integer
        case .string: return .string
        case .attribute(let place): return attributes[Int(place)].attribute.isRequired ? .string : nil
        case .call(let place): return calls[Int(place)].function.map { $0.returnType } ?? .boolean
        case .chain(_, _, let end):
            if case .binary(let symbol, _) = steps[Int(end) - 1].action { return symbol.type }
            return .boolean
        }
    }
}

extension SQLProgram.Call {
    var missing: CloudEventsSQLError {
        CloudEventsSQLError(.missingFunction(name, arguments: arguments.count), at: Int(offset))
    }
}

extension SQLProgram {
    /// A term as text. As deep as the expression is nested, which is limited.
    func description(of term: Int32) -> String {
        switch terms[Int(term)] {
        case .boolean(let value): return value ? "TRUE" : "FALSE"
        case .integer(let number): return "\(number)"
        case .string(let place): return strings[Int(place)].source
        case .attribute(let place): return attributes[Int(place)].attribute.name
        case .exists(let place): return "EXISTS " + attributes[Int(place)].attribute.name
        case .not(let operand, _): return "NOT " + part(operand)
        // With a space: a minus in front of digits belongs to the number.
        case .negate(let operand, _): return "- " + part(operand)
        case .call(let place): return "\(calls[Int(place)].name)(\(list(calls[Int(place)].arguments)))"
        case .chain(let first, let start, let end):
            return steps[Int(start)..<Int(end)].reduce(into: part(first)) { $0 += " " + description(of: $1) }
        }
    }

    /// An operand as text.
    private func part(_ term: Int32) -> String {
        if case .chain = terms[Int(term)] { "(\(description(of: term)))" } else { description(of: term) }
    }

    private func description(of step: Step) -> String {
        switch step.action {
        case .binary(let symbol, let operand): "\(symbol.symbol) \(part(operand))"
        case .like(let place, let isNegated): "\(isNegated ? "NOT " : "")LIKE \(patterns[Int(place)].source)"
        case .in(let place, let isNegated): "\(isNegated ? "NOT " : "")IN (\(list(sets[Int(place)])))"
        }
    }

    private func list(_ terms: [Int32]) -> String { terms.map { description(of: $0) }.joined(separator: ", ") }
}
