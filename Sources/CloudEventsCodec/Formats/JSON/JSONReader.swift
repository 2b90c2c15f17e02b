// SPDX-License-Identifier: Apache-2.0

/// Reads a JSON text (RFC 8259) token by token, without recursion and without copying.
///
/// It checks everything that ``JSONScanner`` checks, and that the text is one value. It does not look for members that
/// appear twice: only who keeps the names can do that without work for the rest.
///
/// The bytes belong to the caller, who keeps them alive and unchanged as long as the reader is used.
package struct JSONReader {
    private(set) var scanner: JSONScanner
    private let maximumDepth: Int
    private var state = State.value
    private var open = JSONNesting()

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
        scanner = JSONScanner(bytes, offset: offset)
        self.maximumDepth = maximumDepth
    }

    package var bytes: UnsafeRawBufferPointer { scanner.bytes.buffer }

    /// Where the next token is looked for.
    package var offset: Int { scanner.offset }

    /// How many objects and arrays are open.
    package var depth: Int { open.depth }

    /// The next token.
    ///
    /// - Throws: ``CloudEventError`` with the byte's place: `malformed`, or `limitExceeded` for the depth.
    package mutating func next() throws(CloudEventError) -> JSONToken {
        do throws(Refusal) { return try token() } catch { throw self.error(error) }
    }

    /// Reads one whole value, whatever it is, and gives the place of its text, without white space around it. It is where
    /// a value is due, or in an array where one may be.
    package mutating func skipValue() throws(CloudEventError) -> Range<Int> {
        do throws(Refusal) { return try wholeValue() } catch { throw self.error(error) }
    }

    private func error(_ refusal: Refusal) -> CloudEventError {
        var limits = CodecLimits()
        limits.nestingDepth = maximumDepth
        return refusal.error(limits)
    }

    private mutating func token() throws(Refusal) -> JSONToken {
        scanner.skipWhitespace()
        switch state {
        case .value:
            return try value()
        case .firstElement:
            if scanner.current == UInt8(ascii: "]") { return close(.endArray) }
            return try value()
        case .firstMember:
            if scanner.current == UInt8(ascii: "}") { return close(.endObject) }
            return try name()
        case .afterValue:
            return try afterValue()
        case .end:
            guard scanner.offset == scanner.bytes.count else { throw scanner.refusal(.textGoesOn) }
            return .end
        }
    }

    private mutating func wholeValue() throws(Refusal) -> Range<Int> {
        scanner.skipWhitespace()
        let start = scanner.offset
        if state == .value {
            try scanner.skipValue(depth: depth, maximumDepth: maximumDepth)
            valueEnded()
            return start..<scanner.offset
        }
        let outside = depth
        _ = try token()
        while depth > outside { _ = try token() }
        return start..<scanner.offset
    }
}

// MARK: - Structure

extension JSONReader {
    @inline(__always)
    private mutating func afterValue() throws(Refusal) -> JSONToken {
        let byte = scanner.current
        if byte == UInt8(ascii: ",") {
            scanner.offset += 1
            scanner.skipWhitespace()
            return open.isObject ? try name() : try value()
        }
        if open.isObject {
            guard byte == UInt8(ascii: "}") else { throw scanner.refusal(.noObjectEnd) }
            return close(.endObject)
        }
        guard byte == UInt8(ascii: "]") else { throw scanner.refusal(.noArrayEnd) }
        return close(.endArray)
    }

    @inline(__always)
    private mutating func name() throws(Refusal) -> JSONToken {
        guard scanner.current == UInt8(ascii: "\"") else {
            throw scanner.refusal(.noMemberName)
        }
        let name = try scanner.string()
        try scanner.colon()
        state = .value
        return .name(name)
    }

    @inline(__always)
    private mutating func value() throws(Refusal) -> JSONToken {
        let token: JSONToken
        switch scanner.current {
        case UInt8(ascii: "{"):
            try open(isObject: true)
            return .beginObject
        case UInt8(ascii: "["):
            try open(isObject: false)
            return .beginArray
        case UInt8(ascii: "\""):
            token = .string(try scanner.string())
        case UInt8(ascii: "t"):
            try scanner.literal("true")
            token = .boolean(true)
        case UInt8(ascii: "f"):
            try scanner.literal("false")
            token = .boolean(false)
        case UInt8(ascii: "n"):
            try scanner.literal("null")
            token = .null
        default:
            token = .number(try scanner.number())
        }
        valueEnded()
        return token
    }

    private mutating func open(isObject: Bool) throws(Refusal) {
        guard depth < maximumDepth else { throw scanner.refusal(.tooDeep) }
        open.push(isObject: isObject)
        scanner.offset += 1
        state = isObject ? .firstMember : .firstElement
    }

    private mutating func close(_ token: JSONToken) -> JSONToken {
        scanner.offset += 1
        open.pop()
        valueEnded()
        return token
    }

    @inline(__always)
    private mutating func valueEnded() {
        state = depth == 0 ? .end : .afterValue
    }
}
