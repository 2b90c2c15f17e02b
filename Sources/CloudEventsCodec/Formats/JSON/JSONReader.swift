// SPDX-License-Identifier: Apache-2.0

/// Reads a JSON text (RFC 8259) token by token, without recursion and without copying.
///
/// It checks everything: syntax, UTF-8, escapes and surrogates, number form, and the nesting depth. It does not look
/// for members that appear twice: only who keeps the names can do that without work for the rest.
///
/// The bytes belong to the caller, who keeps them alive and unchanged as long as the reader is used.
package struct JSONReader {
    package let bytes: UnsafeRawBufferPointer
    /// Where the next token is looked for.
    package private(set) var offset: Int
    /// How many objects and arrays are open.
    package private(set) var depth = 0
    private let maximumDepth: Int
    private var state = State.value
    /// The kinds of the innermost open containers, one bit each, an object being 1; those further out are in `outer`.
    private var kinds: UInt64 = 0
    private var outer: [UInt64] = []

    private enum State {
        case value, firstElement, firstMember, afterValue, end
    }

    /// Begins at the first byte, or further on.
    ///
    /// - Parameters:
    ///   - bytes: the text.
    ///   - offset: where the value begins, white space before it apart.
    ///   - maximumDepth: how many objects and arrays may be open at a time.
    package init(_ bytes: UnsafeRawBufferPointer, offset: Int = 0, maximumDepth: Int = 128) {
        self.bytes = bytes
        self.offset = offset
        self.maximumDepth = maximumDepth
    }

    /// The next token.
    ///
    /// - Throws: ``CloudEventError`` with the byte's place: `malformed`, or `limitExceeded` for the depth.
    package mutating func next() throws(CloudEventError) -> JSONToken {
        skipWhitespace()
        switch state {
        case .value:
            return try value()
        case .firstElement:
            if current == UInt8(ascii: "]") { return close(.endArray) }
            return try value()
        case .firstMember:
            if current == UInt8(ascii: "}") { return close(.endObject) }
            return try name()
        case .afterValue:
            return try afterValue()
        case .end:
            guard offset == bytes.count else { throw unexpected("the end of the text") }
            return .end
        }
    }

    /// Reads one whole value, whatever it is, and gives the place of its text, without white space around it.
    package mutating func skipValue() throws(CloudEventError) -> Range<Int> {
        try wholeValue().range
    }

    /// As ``skipValue()``, with the value's first token, which is the value itself unless that is an object or array.
    package mutating func wholeValue() throws(CloudEventError) -> (range: Range<Int>, first: JSONToken) {
        skipWhitespace()
        let start = offset
        let outside = depth
        let first = try next()
        while depth > outside { _ = try next() }
        return (start..<offset, first)
    }

    /// The byte at the current place, or 0 at the end: no token begins with 0, so that it is refused like any other.
    @inline(__always)
    private var current: UInt8 { offset < bytes.count ? bytes[offset] : 0 }

    @inline(__always)
    private mutating func skipWhitespace() {
        while offset < bytes.count {
            let byte = bytes[offset]
            guard byte <= 0x20, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
            offset &+= 1
        }
    }
}

// MARK: - Structure

extension JSONReader {
    @inline(__always)
    private mutating func afterValue() throws(CloudEventError) -> JSONToken {
        let byte = current
        let isObject = kinds & 1 == 1
        if byte == UInt8(ascii: ",") {
            offset += 1
            skipWhitespace()
            return isObject ? try name() : try value()
        }
        if isObject {
            guard byte == UInt8(ascii: "}") else { throw unexpected("a comma or the end of the object") }
            return close(.endObject)
        }
        guard byte == UInt8(ascii: "]") else { throw unexpected("a comma or the end of the array") }
        return close(.endArray)
    }

    @inline(__always)
    private mutating func name() throws(CloudEventError) -> JSONToken {
        guard current == UInt8(ascii: "\"") else { throw unexpected("a member's name in quotation marks") }
        let name = try string()
        skipWhitespace()
        guard current == UInt8(ascii: ":") else { throw unexpected("a colon") }
        offset += 1
        state = .value
        return .name(name)
    }

    @inline(__always)
    private mutating func value() throws(CloudEventError) -> JSONToken {
        switch current {
        case UInt8(ascii: "\""):
            let string = try string()
            valueEnded()
            return .string(string)
        case UInt8(ascii: "{"):
            try open(isObject: true)
            return .beginObject
        case UInt8(ascii: "["):
            try open(isObject: false)
            return .beginArray
        case UInt8(ascii: "t"):
            try literal("true")
            return .boolean(true)
        case UInt8(ascii: "f"):
            try literal("false")
            return .boolean(false)
        case UInt8(ascii: "n"):
            try literal("null")
            return .null
        default:
            let number = try number()
            valueEnded()
            return .number(number)
        }
    }

    private mutating func open(isObject: Bool) throws(CloudEventError) {
        guard depth < maximumDepth else {
            throw CloudEventError(
                .limitExceeded,
                "objects and arrays are nested deeper than the limit of \(maximumDepth)",
                offset: offset
            )
        }
        if depth > 0, depth % 64 == 0 { outer.append(kinds) }
        depth += 1
        kinds = kinds << 1 | (isObject ? 1 : 0)
        offset += 1
        state = isObject ? .firstMember : .firstElement
    }

    private mutating func close(_ token: JSONToken) -> JSONToken {
        offset += 1
        depth -= 1
        kinds >>= 1
        if depth > 0, depth % 64 == 0, let word = outer.popLast() { kinds = word }
        valueEnded()
        return token
    }

    @inline(__always)
    private mutating func valueEnded() {
        state = depth == 0 ? .end : .afterValue
    }

    @inline(never)
    private func unexpected(_ wanted: String) -> CloudEventError {
        offset < bytes.count
            ? malformed("the text is not JSON here; expected is \(wanted)", at: offset)
            : malformed("the text ends early; expected is \(wanted)", at: bytes.count)
    }

    @inline(never)
    private func malformed(_ message: String, at offset: Int) -> CloudEventError {
        CloudEventError(.malformed, message, offset: offset)
    }
}

// MARK: - Scalars

extension JSONReader {
    private mutating func literal(_ literal: StaticString) throws(CloudEventError) {
        let end = offset + literal.utf8CodeUnitCount
        guard end <= bytes.count, equal(UnsafeRawBufferPointer(rebasing: bytes[offset..<end]), literal) else {
            throw unexpected("a value")
        }
        offset = end
        valueEnded()
    }

    private mutating func number() throws(CloudEventError) -> JSONNumber {
        let start = offset
        var isInteger = true
        if current == UInt8(ascii: "-") { offset += 1 }
        if current == UInt8(ascii: "0") {
            offset += 1
        } else {
            try digits(offset == start ? "a value" : "a digit")
        }
        if current == UInt8(ascii: ".") {
            isInteger = false
            offset += 1
            try digits("a digit")
        }
        if current | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            offset += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { offset += 1 }
            try digits("a digit")
        }
        return JSONNumber(range: start..<offset, isInteger: isInteger)
    }

    private mutating func digits(_ wanted: String) throws(CloudEventError) {
        guard URISyntax.isDigit(current) else { throw unexpected(wanted) }
        repeat { offset += 1 } while URISyntax.isDigit(current)
    }

    /// Reads a string from its opening quotation mark.
    private mutating func string() throws(CloudEventError) -> JSONString {
        let start = offset + 1
        var position = start
        var hasEscapes = false
        var isASCII = true
        while true {
            position = bytes.endOfPlainText(from: position)
            guard position < bytes.count else {
                throw malformed("the text ends within a string", at: bytes.count)
            }
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                offset = position + 1
                return JSONString(range: start..<position, hasEscapes: hasEscapes, isASCII: isASCII)
            }
            if byte == UInt8(ascii: "\\") {
                hasEscapes = true
                position += try escapeLength(at: position)
            } else if byte < 0x80 {
                throw malformed("a control character in a string; write it as \\u00XX", at: position)
            } else {
                isASCII = false
                position = try endOfNonASCII(from: position)
            }
        }
    }

    /// Reads on while characters are not ASCII: where one is, the next mostly is too.
    private func endOfNonASCII(from start: Int) throws(CloudEventError) -> Int {
        var position = start
        while position < bytes.count, bytes[position] >= 0x80 {
            let length = bytes.utf8SequenceLength(at: position)
            guard length > 0 else { throw malformed("a string is not valid UTF-8", at: position) }
            position += length
        }
        return position
    }

    /// Checks the escape that begins at a backslash and gives its length.
    private func escapeLength(at position: Int) throws(CloudEventError) -> Int {
        guard position + 1 < bytes.count else { throw malformed("the text ends within a string", at: bytes.count) }
        switch bytes[position + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return 2
        case UInt8(ascii: "u"):
            guard let unit = bytes.unicodeEscape(at: position) else {
                throw malformed("an escape \\u needs four hexadecimal digits", at: position)
            }
            if unit & 0xF800 != 0xD800 { return 6 }
            guard unit < 0xDC00, let low = bytes.unicodeEscape(at: position + 6), low & 0xFC00 == 0xDC00 else {
                throw malformed("an escape stands for half a surrogate pair; write both halves", at: position)
            }
            return 12
        default:
            throw malformed("an unknown escape in a string", at: position)
        }
    }
}
