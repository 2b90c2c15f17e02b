// SPDX-License-Identifier: Apache-2.0

/// Reads the pieces of a JSON text (RFC 8259) one by one: white space, strings, numbers, literals, and whole values. It
/// checks everything: syntax, UTF-8, escapes and surrogates, number form, and the nesting depth.
///
/// The bytes belong to the caller, who keeps them alive and unchanged as long as the scanner is used.
struct JSONScanner {
    let bytes: ByteView
    /// Where the next piece is looked for.
    var offset: Int

    @inline(__always)
    init(_ bytes: UnsafeRawBufferPointer, offset: Int = 0) {
        self.bytes = ByteView(bytes)
        self.offset = offset
    }

    /// The byte at the current place, or 0 at the end: no piece begins with 0, so that it is refused like any other.
    @inline(__always)
    var current: UInt8 { offset < bytes.count ? bytes[offset] : 0 }

    /// Skips white space and gives the byte behind it, or 0 at the end.
    @inline(__always) @discardableResult
    mutating func skipWhitespace() -> UInt8 {
        while offset < bytes.count {
            let byte = bytes[offset]
            guard byte <= 0x20, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
            offset &+= 1
        }
        return 0
    }

    /// Whether a comma is here and the opening quotation mark of the next name right behind it.
    @inline(__always)
    var isAtNextName: Bool {
        guard offset &+ 2 <= bytes.count else { return false }
        return UInt16(littleEndian: bytes.load(offset, as: UInt16.self)) == 0x222C
    }

    @inline(__always)
    func refusal(_ reason: Refusal.Reason) -> Refusal { Refusal(reason, at: min(offset, bytes.count)) }
}

// MARK: - Scalars

extension JSONScanner {
    @inline(__always)
    mutating func literal(_ literal: StaticString) throws(Refusal) {
        let end = offset &+ literal.utf8CodeUnitCount
        guard end <= bytes.count, equal(bytes[Range(uncheckedBounds: (offset, end))], literal) else {
            throw refusal(.noValue)
        }
        offset = end
    }

    /// Reads a number, if one begins here.
    @inline(__always)
    mutating func number() throws(Refusal) -> JSONNumber {
        let start = offset
        var isInteger = true
        var byte = current
        if byte == UInt8(ascii: "-") { byte = advance() }
        if byte == UInt8(ascii: "0") {
            byte = advance()
        } else {
            guard URISyntax.isDigit(byte) else { throw refusal(offset == start ? .noValue : .noDigit) }
            byte = skipDigits()
        }
        if byte == UInt8(ascii: ".") {
            isInteger = false
            guard URISyntax.isDigit(advance()) else { throw refusal(.noDigit) }
            byte = skipDigits()
        }
        if byte | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            byte = advance()
            if byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") { byte = advance() }
            guard URISyntax.isDigit(byte) else { throw refusal(.noDigit) }
            skipDigits()
        }
        return JSONNumber(range: Range(uncheckedBounds: (start, offset)), isInteger: isInteger)
    }

    @inline(__always)
    private mutating func advance() -> UInt8 {
        offset &+= 1
        return current
    }

    /// Skips a digit and those behind it, and gives the byte behind them.
    @inline(__always) @discardableResult
    private mutating func skipDigits() -> UInt8 {
        while true {
            let byte = advance()
            guard URISyntax.isDigit(byte) else { return byte }
        }
    }

    /// Reads a string from its opening quotation mark, at which the scanner is.
    @inline(__always)
    mutating func string() throws(Refusal) -> JSONString {
        let start = offset &+ 1
        let (end, isPlain) = bytes.endOfPlainString(from: start)
        guard isPlain else {
            let string = try unusualString(from: start, plainUntil: end)
            offset = string.range.upperBound &+ 1
            return string
        }
        offset = end &+ 1
        return JSONString(range: Range(uncheckedBounds: (start, end)), hasEscapes: false, isPlain: true)
    }

    /// Reads on from the first byte of a string that is not plain.
    ///
    /// It does not move the scanner: what the caller keeps in registers stays there.
    @inline(never)
    private func unusualString(from start: Int, plainUntil: Int) throws(Refusal) -> JSONString {
        var position = plainUntil
        var hasEscapes = false
        while true {
            guard position < bytes.count else {
                throw Refusal(.stringEnds, at: bytes.count)
            }
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                let range = Range(uncheckedBounds: (start, position))
                return JSONString(range: range, hasEscapes: hasEscapes, isPlain: false)
            }
            if byte == UInt8(ascii: "\\") {
                hasEscapes = true
                position &+= try escapeLength(at: position)
            } else if byte < 0x20 {
                throw Refusal(.controlCharacter, at: position)
            } else if byte < 0x80 {
                position &+= 1
            } else {
                position = try endOfText(from: position)
                continue
            }
            position = bytes.endOfPlainText(from: position)
        }
    }

    /// Reads on from a character that is not ASCII, to one that may end the string.
    @inline(__always)
    private func endOfText(from start: Int) throws(Refusal) -> Int {
        var position = bytes.endOfTextBlocks(from: start)
        // What is left is shorter than a block, or not well-formed.
        while position < bytes.count {
            let byte = bytes[position]
            if byte < 0x80 {
                if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { break }
                position &+= 1
            } else {
                let length = bytes.buffer.utf8SequenceLength(at: position)
                guard length > 0 else { throw Refusal(.invalidUTF8, at: position) }
                position &+= length
            }
        }
        return position
    }

    /// Checks the escape that begins at a backslash and gives its length.
    private func escapeLength(at position: Int) throws(Refusal) -> Int {
        guard position + 1 < bytes.count else { throw Refusal(.stringEnds, at: bytes.count) }
        switch bytes[position + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return 2
        case UInt8(ascii: "u"):
            guard let unit = bytes.buffer.unicodeEscape(at: position) else {
                throw Refusal(.badUnicodeEscape, at: position)
            }
            if unit & 0xF800 != 0xD800 { return 6 }
            guard unit < 0xDC00, let low = bytes.buffer.unicodeEscape(at: position + 6), low & 0xFC00 == 0xDC00 else {
                throw Refusal(.halfSurrogate, at: position)
            }
            return 12
        default:
            throw Refusal(.unknownEscape, at: position)
        }
    }
}

// MARK: - Whole values

extension JSONScanner {
    /// Skips one value, whatever it is, from its first byte to behind its last one, without recursion.
    ///
    /// - Parameters:
    ///   - depth: how many objects and arrays are open around it.
    ///   - maximumDepth: how many may be open at a time.
    @inline(__always)
    mutating func skipValue(depth: Int, maximumDepth: Int) throws(Refusal) {
        switch current {
        case UInt8(ascii: "\""): _ = try string()
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            offset = try endOfContainer(depth: depth, maximumDepth: maximumDepth)
        default: try skipOther(current)
        }
    }

    /// Skips a number as most are, digits with a point among them at most, or leaves the scanner where it is.
    @inline(__always)
    private mutating func skipUsualNumber(_ first: UInt8) -> Bool {
        guard URISyntax.isDigit(first), first != UInt8(ascii: "0") else { return false }
        var (end, byte) = endOfDigits(from: offset &+ 1)
        if byte == UInt8(ascii: ".") {
            let start = end &+ 1
            (end, byte) = endOfDigits(from: start)
            if end == start { return false }
        }
        guard byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") else { return false }
        offset = end
        return true
    }

    /// The place behind the digits that are here, and what stands there, or 0 at the end.
    @inline(__always)
    private func endOfDigits(from start: Int) -> (Int, UInt8) {
        var end = start
        while end < bytes.count {
            let byte = bytes[end]
            if !URISyntax.isDigit(byte) { return (end, byte) }
            end &+= 1
        }
        return (end, 0)
    }

    /// The end of a number or literal that begins here.
    @inline(never)
    private func endOfScalar(_ byte: UInt8) throws(Refusal) -> Int {
        var scanner = self
        try scanner.skipOther(byte)
        return scanner.offset
    }

    @inline(__always)
    private mutating func skipOther(_ byte: UInt8) throws(Refusal) {
        switch byte {
        case UInt8(ascii: "t"): try literal("true")
        case UInt8(ascii: "f"): try literal("false")
        case UInt8(ascii: "n"): try literal("null")
        default: _ = try number()
        }
    }

    /// The end of the object or array that begins here.
    @inline(never)
    private func endOfContainer(depth outside: Int, maximumDepth: Int) throws(Refusal) -> Int {
        var scanner = self
        try scanner.skipContainer(depth: outside, maximumDepth: maximumDepth)
        return scanner.offset
    }

    @inline(__always)
    private mutating func skipContainer(depth outside: Int, maximumDepth: Int) throws(Refusal) {
        var open = JSONNesting()
        var byte = current
        var isName = false
        while true {
            if isName {
                guard byte == UInt8(ascii: "\"") else { throw refusal(.noMemberName) }
                _ = try string()
                byte = try colon()
            }
            if byte == UInt8(ascii: "\"") {
                _ = try string()
            } else if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
                guard outside &+ open.depth < maximumDepth else { throw refusal(.tooDeep) }
                isName = byte == UInt8(ascii: "{")
                open.push(isObject: isName)
                offset &+= 1
                byte = skipWhitespace()
                guard byte == (isName ? UInt8(ascii: "}") : UInt8(ascii: "]")) else { continue }
            } else if !skipUsualNumber(byte) {
                offset = try endOfScalar(byte)
            }
            byte = try skipClosings(&open)
            if open.isEmpty { return }
            isName = open.isObject
        }
    }

    /// Goes on behind a value, through all the ends of objects and arrays, to what follows a comma, and gives its first
    /// byte.
    @inline(__always)
    private mutating func skipClosings(_ open: inout JSONNesting) throws(Refusal) -> UInt8 {
        repeat {
            let byte = skipWhitespace()
            if byte == UInt8(ascii: ",") {
                offset &+= 1
                return skipWhitespace()
            }
            guard byte == (open.isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
                throw refusal(open.isObject ? .noObjectEnd : .noArrayEnd)
            }
            offset &+= 1
            open.pop()
        } while !open.isEmpty
        return 0
    }

    /// Skips a colon and the white space around it.
    @inline(__always) @discardableResult
    mutating func colon() throws(Refusal) -> UInt8 {
        // Most writers put no white space around it.
        if offset &+ 2 <= bytes.count, bytes[offset] == UInt8(ascii: ":"), bytes[offset &+ 1] > 0x20 {
            offset &+= 1
            return bytes[offset]
        }
        guard skipWhitespace() == UInt8(ascii: ":") else { throw refusal(.noColon) }
        offset &+= 1
        return skipWhitespace()
    }
}

/// Which objects and arrays are open.
struct JSONNesting {
    private(set) var depth = 0
    /// The kinds of the innermost ones, one bit each below a highest bit that is always 1, an object being 1; those further
    /// out are in `outer`.
    private var kinds: UInt64 = 1
    private var outer: [UInt64]?

    @inline(__always) var isEmpty: Bool { depth == 0 }

    @inline(__always) var isObject: Bool { kinds & 1 == 1 }

    @inline(__always)
    mutating func push(isObject: Bool) {
        if kinds >> 63 == 1 {
            let others = outer.take()
            outer = Self.saved(others, kinds)
            kinds = 1
        }
        depth &+= 1
        kinds = kinds << 1 | (isObject ? 1 : 0)
    }

    @inline(__always)
    mutating func pop() {
        depth &-= 1
        kinds >>= 1
        if kinds == 1, depth != 0 {
            let others = outer.take()
            (outer, kinds) = Self.restored(others)
        }
    }

    // By value, so that the rest of the struct can stay in registers.

    @inline(never)
    private static func saved(_ outer: consuming [UInt64]?, _ kinds: UInt64) -> [UInt64] {
        var others = outer.take() ?? []
        others.append(kinds)
        return others
    }

    @inline(never)
    private static func restored(_ outer: consuming [UInt64]?) -> ([UInt64], UInt64) {
        var others = outer.take() ?? []
        let kinds = others.popLast() ?? 0
        return (others, kinds)
    }
}
