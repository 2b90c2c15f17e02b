// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// Makes a program of an expression (L5): one function per level of the grammar, and none of them for what only follows
/// in a row.
struct SQLParser {
    private var lexer: SQLLexer
    private var token: SQLToken
    private var tables = SQLProgram.Tables()
    private var depth = 0
    private let functions: CloudEventsSQL.Functions
    private let limits: CloudEventsSQL.Limits

    init(
        _ text: String,
        functions: CloudEventsSQL.Functions,
        limits: CloudEventsSQL.Limits
    ) throws(CloudEventsSQLError) {
        guard text.utf8.count <= limits.expressionLength else {
            let message = "the expression has more than \(limits.expressionLength) bytes"
            throw CloudEventsSQLError(.parse(message), at: limits.expressionLength)
        }
        lexer = SQLLexer(Array(text.utf8))
        token = try lexer.next()
        self.functions = functions
        self.limits = limits
    }

    mutating func parse() throws(CloudEventsSQLError) -> SQLProgram {
        let root = try expression(1)
        guard token.kind == .end else { throw unexpected("an operator or the end of the expression") }
        return SQLProgram(tables, root: root, textLimit: limits.textLength)
    }

    // MARK: Operations

    /// Operations whose operators bind at least as tightly as the level, from left to right.
    private mutating func expression(_ level: Int) throws(CloudEventsSQLError) -> Int32 {
        let first = try operand()
        var steps: [SQLProgram.Step] = []
        while true {
            let offset = Int32(token.range.lowerBound)
            if let symbol = binaryOperator {
                guard symbol.precedence >= level else { break }
                try advance()
                let operand = try expression(symbol.precedence + 1)
                steps.append(SQLProgram.Step(action: .binary(symbol, operand), offset: offset))
            } else if let action = try test() {
                steps.append(SQLProgram.Step(action: action, offset: offset))
            } else {
                break
            }
        }
        guard !steps.isEmpty else { return first }
        return add(.chain(first, tables.steps.add(steps)))
    }

    private var binaryOperator: SQLOperator? {
        switch token.kind {
        case .operator(let symbol): symbol
        case .keyword(.and): .and
        case .keyword(.or): .or
        case .keyword(.xor): .xor
        default: nil
        }
    }

    /// `LIKE` or `IN`, with or without `NOT`.
    private mutating func test() throws(CloudEventsSQLError) -> SQLProgram.Step.Action? {
        let isNegated = token.kind == .keyword(.not)
        if isNegated { try advance() }
        switch token.kind {
        case .keyword(.like):
            try advance()
            return .like(try pattern(), isNegated: isNegated)
        case .keyword(.in):
            try advance()
            let elements = try set()
            let isOfTexts = elements.indices.allSatisfy { index in
                if case .string = tables.terms[Int(tables.places[Int(index)])] { true } else { false }
            }
            return .in(elements, isNegated: isNegated, isOfTexts: isOfTexts)
        default:
            guard !isNegated else { throw unexpected("LIKE or IN") }
            return nil
        }
    }

    private mutating func pattern() throws(CloudEventsSQLError) -> Int32 {
        guard token.kind == .string else { throw unexpected("a string literal, the pattern of LIKE,") }
        let text = lexer.value(ofString: token.range)
        tables.strings.append(.init(value: text, source: lexer.text(token.range)))
        let source = Int32(tables.strings.count - 1)
        tables.patterns.append(SQLProgram.Pattern(shape: shape(LikePattern(text)), source: source))
        try advance()
        return Int32(tables.patterns.count - 1)
    }

    private mutating func shape(_ pattern: LikePattern) -> SQLProgram.Pattern.Shape {
        if let text = pattern.onlyText { return .text(tables.bytes.add(text)) }
        if let (prefix, suffix) = pattern.onlyAffixes {
            return .affixes(tables.bytes.add(prefix), tables.bytes.add(suffix))
        }
        tables.likes.append(pattern)
        return .other(Int32(tables.likes.count - 1))
    }

    private mutating func set() throws(CloudEventsSQLError) -> TableRange {
        guard token.kind == .leftParenthesis else { throw unexpected("( and the elements of a set") }
        try enter()
        let elements = try list()
        depth -= 1
        return tables.places.add(elements)
    }

    /// One or more expressions, up to the parenthesis that ends them.
    private mutating func list() throws(CloudEventsSQLError) -> [Int32] {
        var elements = [try expression(1)]
        while token.kind == .comma {
            try advance()
            elements.append(try expression(1))
        }
        guard token.kind == .rightParenthesis else { throw unexpected("an operator, a comma or )") }
        try advance()
        return elements
    }

    // MARK: Operands

    private mutating func operand() throws(CloudEventsSQLError) -> Int32 {
        switch token.kind {
        case .keyword(.not):
            let offset = Int32(token.range.lowerBound)
            try enter()
            let operand = try operand()
            depth -= 1
            return add(.not(operand, offset: offset))
        case .operator(.subtract), .operator(.add): return try signed()
        case .keyword(.exists):
            try advance()
            guard token.kind == .word || token.kind == .integer else { throw unexpected("the name of an attribute") }
            return add(.exists(try attribute()))
        case .keyword(.true), .keyword(.false):
            let value = token.kind == .keyword(.true)
            try advance()
            return add(.boolean(value))
        case .integer: return try integer(from: token.range.lowerBound)
        case .string: return try string()
        case .word: return try name()
        case .leftParenthesis: return try parentheses()
        default: throw unexpected("a value")
        }
    }

    private mutating func parentheses() throws(CloudEventsSQLError) -> Int32 {
        try enter()
        let inner = try expression(1)
        guard token.kind == .rightParenthesis else { throw unexpected("an operator or )") }
        try advance()
        depth -= 1
        return inner
    }

    /// A number with a sign directly in front of it, or the negation of something.
    private mutating func signed() throws(CloudEventsSQLError) -> Int32 {
        let sign = token
        try advance()
        if token.kind == .integer, token.range.lowerBound == sign.range.upperBound {
            return try integer(from: sign.range.lowerBound)
        }
        guard sign.kind == .operator(.subtract) else { throw unexpected("digits directly behind the plus sign") }
        try deepen(sign)
        let operand = try operand()
        depth -= 1
        return add(.negate(operand, offset: Int32(sign.range.lowerBound)))
    }

    private mutating func integer(from start: Int) throws(CloudEventsSQLError) -> Int32 {
        let text = lexer.text(start..<token.range.upperBound)
        guard let value = Int32(text) else {
            throw CloudEventsSQLError(.parse("an Integer is -2147483648 to 2147483647"), at: start)
        }
        try advance()
        return add(.integer(value))
    }

    private mutating func string() throws(CloudEventsSQLError) -> Int32 {
        let value = lexer.value(ofString: token.range)
        tables.strings.append(.init(value: value, source: lexer.text(token.range)))
        try advance()
        return add(.string(Int32(tables.strings.count - 1)))
    }

    /// A call, or the value of an attribute.
    private mutating func name() throws(CloudEventsSQLError) -> Int32 {
        var following = lexer
        guard try following.next().kind == .leftParenthesis else { return add(.attribute(try attribute())) }
        let name = token
        let text = lexer.text(name.range)
        guard SQLLexer.isFunctionName(text) else {
            let message = "the name of a function has only letters and _"
            throw CloudEventsSQLError(.parse(message), at: name.range.lowerBound)
        }
        try advance()
        try enter()
        var arguments: [Int32] = []
        if token.kind == .rightParenthesis { try advance() } else { arguments = try list() }
        depth -= 1
        let upper = text.uppercased()
        let call = SQLProgram.Call(
            name: upper,
            function: functions.find(upper, arguments: arguments.count),
            arguments: arguments,
            offset: Int32(name.range.lowerBound)
        )
        tables.calls.append(call)
        return add(.call(Int32(tables.calls.count - 1)))
    }

    private mutating func attribute() throws(CloudEventsSQLError) -> Int32 {
        let text = lexer.text(token.range)
        guard SQLLexer.isAttributeName(text) else {
            throw CloudEventsSQLError(
                .parse("the name of an attribute has only letters and digits; expected ( behind that of a function"),
                at: token.range.lowerBound
            )
        }
        let name = try? AttributeName(text.lowercased())
        tables.names.append(name)
        tables.attributes.append(
            SQLProgram.Attribute(
                core: name.flatMap { CoreAttribute($0) },
                name: tables.bytes.add(text.lowercased().utf8),
                offset: Int32(token.range.lowerBound)
            )
        )
        try advance()
        return Int32(tables.attributes.count - 1)
    }

    // MARK: Steps

    private mutating func add(_ term: SQLProgram.Term) -> Int32 {
        tables.terms.append(term)
        return Int32(tables.terms.count - 1)
    }

    private mutating func advance() throws(CloudEventsSQLError) { token = try lexer.next() }

    /// Goes over a token behind which everything is one level deeper.
    private mutating func enter() throws(CloudEventsSQLError) {
        try deepen(token)
        try advance()
    }

    private mutating func deepen(_ token: SQLToken) throws(CloudEventsSQLError) {
        depth += 1
        guard depth <= limits.nesting else {
            throw CloudEventsSQLError(
                .parse("the expression is nested more than \(limits.nesting) levels deep"),
                at: token.range.lowerBound
            )
        }
    }

    private func unexpected(_ expected: String) -> CloudEventsSQLError {
        let found = token.kind == .end ? "the end of the expression" : "'\(excerpt)'"
        return CloudEventsSQLError(.parse("expected \(expected) but found \(found)"), at: token.range.lowerBound)
    }

    /// The beginning of the token.
    private var excerpt: String { String(lexer.text(token.range).prefix(20)) }
}
