// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

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

/// An expression as it is evaluated: terms that refer to each other by their places, without any reference among them.
///
/// What stands left of an operator is not nested. `a + b * c = d AND e` is the term `a` and four steps, each of which makes
/// of the value so far and an operand the next value; so only parentheses, calls and unary operators make evaluation deep.
final class SQLProgram: Sendable {
    enum Term: BitwiseCopyable, Sendable {
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
        case chain(Int32, TableRange)
    }

    /// What is done with the value so far.
    struct Step: BitwiseCopyable, Sendable {
        enum Action: BitwiseCopyable, Sendable {
            /// With the operand's term.
            case binary(SQLOperator, Int32)
            /// With the place in ``patterns``.
            case like(Int32, isNegated: Bool)
            /// With the terms of the elements, in ``places``, and whether all of them are literals of text.
            case `in`(TableRange, isNegated: Bool, isOfTexts: Bool)
        }
        var action: Action
        var offset: Int32
    }

    /// A pattern of LIKE; most are no more than a comparison.
    struct Pattern: BitwiseCopyable, Sendable {
        enum Shape: BitwiseCopyable, Sendable {
            /// Without wildcards.
            case text(TableRange)
            /// What is in front of the only `%`, and behind it.
            case affixes(TableRange, TableRange)
            /// The place in ``likes``.
            case other(Int32)
        }
        var shape: Shape
        /// The place in ``strings``.
        var source: Int32
    }

    struct Attribute: BitwiseCopyable, Sendable {
        /// `nil` for an extension.
        var core: CoreAttribute?
        /// In small letters.
        var name: TableRange
        var offset: Int32
    }

    struct Call: Sendable {
        var name: String
        /// `nil` where there is no such function.
        var function: CloudEventsSQL.Function?
        var arguments: [Int32]
        var offset: Int32
    }

    struct Literal: Sendable {
        var value: String
        /// As it is written, with its quotes.
        var source: String
    }

    /// What the parser makes.
    struct Tables {
        var terms: [Term] = []
        var steps: [Step] = []
        var strings: [Literal] = []
        var patterns: [Pattern] = []
        var likes: [LikePattern] = []
        var attributes: [Attribute] = []
        var names: [AttributeName?] = []
        var calls: [Call] = []
        var places: [Int32] = []
        var bytes: [UInt8] = []
    }

    private let terms: ConstantTable<Term>
    private let steps: ConstantTable<Step>
    private let patterns: ConstantTable<Pattern>
    private let attributes: ConstantTable<Attribute>
    private let places: ConstantTable<Int32>
    private let bytes: ConstantTable<UInt8>
    /// Of ``strings``, in ``bytes``.
    private let texts: ConstantTable<TableRange>
    private let views: ConstantTable<View>
    let strings: [Literal]
    let likes: [LikePattern]
    /// Of ``attributes``; `nil` where no event can have one of the name.
    let names: [AttributeName?]
    let calls: [Call]
    let root: Int32
    let textLimit: Int

    init(_ tables: Tables, root: Int32, textLimit: Int) {
        var bytes = tables.bytes
        texts = ConstantTable(tables.strings.map { bytes.add($0.value.utf8) })
        self.bytes = ConstantTable(bytes)
        terms = ConstantTable(tables.terms)
        steps = ConstantTable(tables.steps)
        patterns = ConstantTable(tables.patterns)
        attributes = ConstantTable(tables.attributes)
        places = ConstantTable(tables.places)
        strings = tables.strings
        likes = tables.likes
        names = tables.names
        calls = tables.calls
        self.root = root
        self.textLimit = textLimit
        views = ConstantTable([
            View(
                terms: terms.view,
                steps: steps.view,
                patterns: patterns.view,
                attributes: attributes.view,
                places: places.view,
                bytes: self.bytes.view,
                texts: texts.view
            )
        ])
    }

    /// The tables without the object that owns them, to which a reference would be counted at each look.
    struct View: BitwiseCopyable, Sendable {
        let terms: ConstantTable<Term>.View
        let steps: ConstantTable<Step>.View
        let patterns: ConstantTable<Pattern>.View
        let attributes: ConstantTable<Attribute>.View
        let places: ConstantTable<Int32>.View
        let bytes: ConstantTable<UInt8>.View
        let texts: ConstantTable<TableRange>.View
    }

    /// A program without a reference that would be counted, valid while the program is kept alive.
    struct Pointer {
        private let view: UnsafePointer<View>
        /// For what is no plain value.
        unowned(unsafe) let owner: SQLProgram

        fileprivate init(_ program: SQLProgram) {
            view = program.views.start
            owner = program
        }

        var terms: ConstantTable<Term>.View { view.pointee.terms }
        var steps: ConstantTable<Step>.View { view.pointee.steps }
        var patterns: ConstantTable<Pattern>.View { view.pointee.patterns }
        var attributes: ConstantTable<Attribute>.View { view.pointee.attributes }
        var places: ConstantTable<Int32>.View { view.pointee.places }
        var bytes: ConstantTable<UInt8>.View { view.pointee.bytes }

        /// The bytes of a literal.
        func text(_ place: Int32) -> UnsafeRawBufferPointer { bytes.bytes(view.pointee.texts[place]) }

        @inline(__always)
        func attribute(_ place: Int32) -> SQLAttribute {
            let attribute = attributes[place]
            return SQLAttribute(
                core: attribute.core,
                name: bytes.bytes(attribute.name),
                place: Int(place),
                owner: owner
            )
        }
    }

    /// Valid while the program is kept alive.
    var pointer: Pointer { Pointer(self) }

    func name(ofAttribute place: Int32) -> String {
        String(decoding: bytes.view.bytes(attributes[Int(place)].name), as: UTF8.self)
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
        case .attribute(let place): return attributes[Int(place)].core?.isRequired == true ? .string : nil
        case .call(let place): return calls[Int(place)].function.map { $0.returnType } ?? .boolean
        case .chain(_, let range):
            if case .binary(let symbol, _) = steps[Int(range.end) - 1].action { return symbol.type }
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
        case .attribute(let place): return name(ofAttribute: place)
        case .exists(let place): return "EXISTS " + name(ofAttribute: place)
        case .not(let operand, _): return "NOT " + part(operand)
        // With a space: a minus in front of digits belongs to the number.
        case .negate(let operand, _): return "- " + part(operand)
        case .call(let place): return "\(calls[Int(place)].name)(\(list(calls[Int(place)].arguments)))"
        case .chain(let first, let range):
            return range.indices.reduce(into: part(first)) { $0 += " " + description(of: steps[Int($1)]) }
        }
    }

    /// An operand as text.
    private func part(_ term: Int32) -> String {
        if case .chain = terms[Int(term)] { "(\(description(of: term)))" } else { description(of: term) }
    }

    private func description(of step: Step) -> String {
        switch step.action {
        case .binary(let symbol, let operand): "\(symbol.symbol) \(part(operand))"
        case .like(let place, let isNegated):
            "\(isNegated ? "NOT " : "")LIKE \(strings[Int(patterns[Int(place)].source)].source)"
        case .in(let range, let isNegated, _):
            "\(isNegated ? "NOT " : "")IN (\(list(range.indices.map { places[Int($0)] })))"
        }
    }

    private func list(_ terms: [Int32]) -> String { terms.map { description(of: $0) }.joined(separator: ", ") }
}
