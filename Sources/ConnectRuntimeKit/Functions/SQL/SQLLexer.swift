// SPDX-License-Identifier: Apache-2.0

/// A piece of an expression.
struct SQLToken {
    enum Kind: Equatable {
        case word, integer, string, keyword(Keyword)
        case leftParenthesis, rightParenthesis, comma
        case `operator`(SQLOperator)
        case end
    }

    /// Words that cannot name an attribute or a function.
    enum Keyword: String, CaseIterable {
        case and, or, xor, not, like, `in`, exists, `true`, `false`
    }

    var kind: Kind
    /// Where its bytes are.
    var range: Range<Int>
}

/// Cuts an expression into tokens (L2, L3).
struct SQLLexer {
    let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The next token; the last one is `end`, again and again.
    mutating func next() throws(CloudEventsSQLError) -> SQLToken {
        while position < bytes.count, Self.isSpace(bytes[position]) { position += 1 }
        guard position < bytes.count else { return SQLToken(kind: .end, range: position..<position) }
        let start = position
        let kind = try kind(startingWith: bytes[position])
        return SQLToken(kind: kind, range: start..<position)
    }

    private mutating func kind(startingWith byte: UInt8) throws(CloudEventsSQLError) -> SQLToken.Kind {
        if Self.isWordByte(byte) { return word() }
        if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") { return try string(byte) }
        let following = position + 1 < bytes.count ? bytes[position + 1] : 0
        let (kind, length) = try Self.symbol(byte, following, at: position)
        position += length
        return kind
    }

    private static func symbol(
        _ byte: UInt8,
        _ following: UInt8,
        at position: Int
    ) throws(CloudEventsSQLError) -> (SQLToken.Kind, Int) {
        switch (byte, following) {
        case (UInt8(ascii: "("), _): return (.leftParenthesis, 1)
        case (UInt8(ascii: ")"), _): return (.rightParenthesis, 1)
        case (UInt8(ascii: ","), _): return (.comma, 1)
        case (UInt8(ascii: "+"), _): return (.operator(.add), 1)
        case (UInt8(ascii: "-"), _): return (.operator(.subtract), 1)
        case (UInt8(ascii: "*"), _): return (.operator(.multiply), 1)
        case (UInt8(ascii: "/"), _): return (.operator(.divide), 1)
        case (UInt8(ascii: "%"), _): return (.operator(.remainder), 1)
        case (UInt8(ascii: "="), _): return (.operator(.equal), 1)
        case (UInt8(ascii: "!"), UInt8(ascii: "=")), (UInt8(ascii: "<"), UInt8(ascii: ">")):
            return (.operator(.notEqual), 2)
        case (UInt8(ascii: "<"), UInt8(ascii: "=")): return (.operator(.lessOrEqual), 2)
        case (UInt8(ascii: ">"), UInt8(ascii: "=")): return (.operator(.greaterOrEqual), 2)
        case (UInt8(ascii: "<"), _): return (.operator(.less), 1)
        case (UInt8(ascii: ">"), _): return (.operator(.greater), 1)
        default:
            throw CloudEventsSQLError(.parse("this character has no meaning outside of a string"), at: position)
        }
    }

    private mutating func word() -> SQLToken.Kind {
        let start = position
        while position < bytes.count, Self.isWordByte(bytes[position]) { position += 1 }
        let word = bytes[start..<position]
        if word.allSatisfy(Self.isDigit) { return .integer }
        return Self.keyword(word).map { .keyword($0) } ?? .word
    }

    /// Passes over a string literal: a backslash and what follows it belong together.
    private mutating func string(_ quote: UInt8) throws(CloudEventsSQLError) -> SQLToken.Kind {
        let start = position
        position += 1
        while position < bytes.count, bytes[position] != quote {
            position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
        }
        guard position < bytes.count else {
            let name = quote == UInt8(ascii: "'") ? "'" : "\""
            throw CloudEventsSQLError(.parse("the string that begins here has no end: expected \(name)"), at: start)
        }
        position += 1
        return .string
    }

    /// The value of a string literal: an escaped quote of its kind is the quote, everything else stays as it is.
    func value(ofString range: Range<Int>) -> String {
        let quote = bytes[range.lowerBound]
        var value: [UInt8] = []
        var index = range.lowerBound + 1
        while index < range.upperBound - 1 {
            if bytes[index] == UInt8(ascii: "\\") {
                if bytes[index + 1] != quote { value.append(bytes[index]) }
                value.append(bytes[index + 1])
                index += 2
            } else {
                value.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: value, as: UTF8.self)
    }

    /// The bytes of a token as text.
    func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    // MARK: Classes of bytes

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }
    private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }
    private static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- UInt8(ascii: "a") < 26 }
    private static func isWordByte(_ byte: UInt8) -> Bool {
        isLetter(byte) || isDigit(byte) || byte == UInt8(ascii: "_")
    }

    private static func keyword(_ word: some Collection<UInt8>) -> SQLToken.Keyword? {
        guard word.count <= 6 else { return nil }
        return SQLToken.Keyword(rawValue: String(decoding: word.lazy.map { $0 | 0x20 }, as: UTF8.self))
    }

    /// Whether calls can have a name: letters and `_`, the first a letter.
    static func isFunctionName(_ name: String) -> Bool {
        guard let first = name.utf8.first, isLetter(first), keyword(name.utf8) == nil else { return false }
        return name.utf8.allSatisfy { isLetter($0) || $0 == UInt8(ascii: "_") }
    }

    /// Whether an attribute can have a name, in whatever case.
    static func isAttributeName(_ name: String) -> Bool { name.utf8.allSatisfy { isLetter($0) || isDigit($0) } }
}
