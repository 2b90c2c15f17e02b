// SPDX-License-Identifier: Apache-2.0

/// Finds the values of a JSON object whose names are known and whose values are plain: no lists, no objects, no escapes.
///
/// The text is known to be valid JSON. Whatever is otherwise is not plain, and never a trap.
struct PlainJSON {
    /// Where a value stands.
    struct Token: BitwiseCopyable {
        enum Kind { case null, word, string }

        let kind: Kind
        let start: Int
        let end: Int
    }

    private let bytes: UnsafeRawBufferPointer
    private var next = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// Finds the values of all names, which have to stand in this order.
    mutating func object(_ names: [[UInt8]], _ tokens: UnsafeMutableBufferPointer<Token>) -> Bool {
        guard take("{") else { return false }
        for index in names.indices {
            if index > 0, !take(",") { return false }
            guard name(names[index]), take(":"), let token = value() else { return false }
            tokens.initializeElement(at: index, to: token)
        }
        return take("}")
    }

    private mutating func skipSpace() {
        while next < bytes.count, bytes[next] == 32 || (9...13).contains(bytes[next]) { next += 1 }
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        skipSpace()
        guard next < bytes.count, bytes[next] == UInt8(ascii: scalar) else { return false }
        next += 1
        return true
    }

    private mutating func name(_ name: [UInt8]) -> Bool {
        guard take("\""), next + name.count < bytes.count else { return false }
        for index in name.indices where bytes[next + index] != name[index] { return false }
        next += name.count
        guard bytes[next] == UInt8(ascii: "\"") else { return false }
        next += 1
        return true
    }

    private mutating func value() -> Token? {
        skipSpace()
        guard next < bytes.count else { return nil }
        return bytes[next] == UInt8(ascii: "\"") ? string() : word()
    }

    private mutating func string() -> Token? {
        let start = next
        next += 1
        while next < bytes.count {
            let byte = bytes[next]
            if byte == UInt8(ascii: "\\") || byte < 32 { return nil }
            next += 1
            if byte == UInt8(ascii: "\"") { return Token(kind: .string, start: start, end: next) }
        }
        return nil
    }

    private mutating func word() -> Token? {
        let start = next
        while next < bytes.count, Self.isPartOfWord(bytes[next]) { next += 1 }
        guard next > start else { return nil }
        if bytes[start] == UInt8(ascii: "n") { return Token(kind: .null, start: start, end: next) }
        // A negative zero is a whole number without a sign otherwise.
        if bytes[start] == UInt8(ascii: "-"), start + 1 < next, bytes[start + 1] == UInt8(ascii: "0") { return nil }
        return Token(kind: .word, start: start, end: next)
    }

    /// Digits, signs, points, and the letters of `true`, `false`, `null` and exponents.
    private static func isPartOfWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "E"),
            UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}
