// SPDX-License-Identifier: Apache-2.0

/// Reads JSON with comments and trailing commas, and notes where everything stands.
struct SettingDocumentParser {
    private let bytes: [UInt8]
    private let file: String?
    private var index = 0
    private var line = 1
    private var column = 1
    private var depth = 0
    /// The names that lead to the value being read.
    private var path: [String] = []
    private(set) var duplicates: [SettingProblem] = []

    init(_ bytes: [UInt8], file: String?) {
        self.bytes = bytes
        self.file = file
        // A byte-order mark is what some editors begin a file with.
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { index = 3 }
    }

    mutating func document() throws(SettingProblem) -> SettingInput {
        guard bytes.count <= SettingDocument.maxBytes else {
            throw SettingProblem("is longer than \(SettingDocument.maxBytes >> 20) MiB", place: place)
        }
        guard String(validating: bytes, as: UTF8.self) != nil else {
            moveToInvalidByte()
            throw SettingProblem("is no UTF-8 here", place: place)
        }
        try skipSpace()
        guard index < bytes.count else { throw problem("is empty; write an object: { … }") }
        let value = try value()
        try skipSpace()
        guard index == bytes.count else { throw problem("something follows the end of the configuration") }
        return value
    }

    // MARK: Values

    private mutating func value() throws(SettingProblem) -> SettingInput {
        let start = place
        guard let first = peek else { throw problem("ends where a value is expected") }
        switch first {
        case UInt8(ascii: "{"): return SettingInput(.object(try object()), place: start)
        case UInt8(ascii: "["): return SettingInput(.list(try list()), place: start)
        case UInt8(ascii: "\""): return SettingInput(.text(try string()), place: start)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            return SettingInput(.number(try number()), place: start)
        default: return SettingInput(try word(), place: start)
        }
    }

    private mutating func object() throws(SettingProblem) -> [SettingInput.Member] {
        try enter()
        defer { depth -= 1 }
        var members: [SettingInput.Member] = []
        var places: [String: SettingPlace] = [:]
        while try !isAtEnd(of: UInt8(ascii: "}"), isFirst: members.isEmpty && places.isEmpty) {
            let start = place
            guard peek == UInt8(ascii: "\"") else { throw problem("a name in quotes is expected here") }
            let name = try string()
            try skipSpace()
            guard take(UInt8(ascii: ":")) else {
                // The name may be a header with its value, whose quotes are in the wrong place.
                throw problem("a colon is expected behind the name")
            }
            try skipSpace()
            path.append(name)
            defer { path.removeLast() }
            let value = try value()
            if let first = places[name] {
                duplicates.append(
                    SettingProblem(
                        "is there twice; the first is in line \(first.line)",
                        at: path.joined(separator: "."),
                        place: start
                    )
                )
            } else {
                places[name] = start
                members.append(SettingInput.Member(name, place: start, value))
            }
        }
        return members
    }

    private mutating func list() throws(SettingProblem) -> [SettingInput] {
        try enter()
        defer { depth -= 1 }
        var elements: [SettingInput] = []
        while try !isAtEnd(of: UInt8(ascii: "]"), isFirst: elements.isEmpty) {
            path.append("[\(elements.count)]")
            defer { path.removeLast() }
            elements.append(try value())
        }
        return elements
    }

    private mutating func enter() throws(SettingProblem) {
        depth += 1
        guard depth <= SettingDocument.maxDepth else {
            throw problem("lies deeper than \(SettingDocument.maxDepth) objects and lists")
        }
        advance()
    }

    /// Whether an object or a list ends here, behind the comma that has to stand between its elements.
    private mutating func isAtEnd(of bracket: UInt8, isFirst: Bool) throws(SettingProblem) -> Bool {
        try skipSpace()
        if take(bracket) { return true }
        guard !isFirst else {
            guard peek != nil else { throw problem("ends before the closing '\(Character(Unicode.Scalar(bracket)))'") }
            return false
        }
        guard take(UInt8(ascii: ",")) else {
            throw problem("a comma or '\(Character(Unicode.Scalar(bracket)))' is expected here")
        }
        try skipSpace()
        guard peek != nil else { throw problem("ends before the closing '\(Character(Unicode.Scalar(bracket)))'") }
        return take(bracket)
    }

    private mutating func number() throws(SettingProblem) -> String {
        let start = index
        let startPlace = place
        while let byte = peek, isNumberByte(byte) { advance() }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        guard Self.isNumber(Array(text.utf8)) else {
            // It may be a secret that lost its quotes.
            throw SettingProblem("what is here is no number in JSON; texts stand in double quotes", place: startPlace)
        }
        return text
    }

    private func isNumberByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
            UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// RFC 8259, section 6.
    private static func isNumber(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        func isDigit(_ byte: UInt8?) -> Bool { byte.map { (48...57).contains($0) } ?? false }
        if rest.first == UInt8(ascii: "-") { rest.removeFirst() }
        guard isDigit(rest.first) else { return false }
        if rest.first == UInt8(ascii: "0") { rest.removeFirst() } else { rest = rest.drop(while: isDigit) }
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            guard isDigit(rest.first) else { return false }
            rest = rest.drop(while: isDigit)
        }
        if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
            rest.removeFirst()
            if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest.removeFirst() }
            guard isDigit(rest.first) else { return false }
            rest = rest.drop(while: isDigit)
        }
        return rest.isEmpty
    }

    private mutating func word() throws(SettingProblem) -> SettingInput.Content {
        let start = index
        let startPlace = place
        while let byte = peek, isNumberByte(byte) { advance() }
        switch String(decoding: bytes[start..<index], as: UTF8.self) {
        case "true": return .boolean(true)
        case "false": return .boolean(false)
        case "null": return .null
        // What stands there may be a secret that lost its quotes.
        default: throw SettingProblem("a value is expected here; texts stand in double quotes", place: startPlace)
        }
    }

    // MARK: Strings

    private mutating func string() throws(SettingProblem) -> String {
        let start = place
        advance()
        var text: [UInt8] = []
        while let byte = peek {
            switch byte {
            case UInt8(ascii: "\""):
                advance()
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): try escape(into: &text)
            case 0..<32: throw problem("a text may not go over the end of its line; write \\n for a line break")
            default:
                text.append(byte)
                advance()
            }
        }
        throw SettingProblem("the text that begins here has no closing quote", place: start)
    }

    private mutating func escape(into text: inout [UInt8]) throws(SettingProblem) {
        let start = place
        advance()
        let plain: [UInt8: UInt8] = [
            UInt8(ascii: "\""): 34, UInt8(ascii: "\\"): 92, UInt8(ascii: "/"): 47, UInt8(ascii: "b"): 8,
            UInt8(ascii: "f"): 12, UInt8(ascii: "n"): 10, UInt8(ascii: "r"): 13, UInt8(ascii: "t"): 9,
        ]
        if let byte = peek, let meant = plain[byte] {
            text.append(meant)
            advance()
            return
        }
        guard take(UInt8(ascii: "u")), var scalar = hexadecimal() else {
            throw SettingProblem("is no escape of JSON; write \\\\ for a backslash", place: start)
        }
        if (0xD800..<0xDC00).contains(scalar) {
            guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")), let low = hexadecimal(),
                (0xDC00..<0xE000).contains(low)
            else { throw SettingProblem("is half a surrogate pair", place: start) }
            scalar = 0x10000 + (scalar - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(scalar) else {
            throw SettingProblem("is half a surrogate pair", place: start)
        }
        text.append(contentsOf: UTF8.encode(scalar)!)
    }

    private mutating func hexadecimal() -> UInt32? {
        guard index + 4 <= bytes.count, !bytes[index..<index + 4].contains(UInt8(ascii: "+")),
            let number = UInt32(String(decoding: bytes[index..<index + 4], as: UTF8.self), radix: 16)
        else { return nil }
        index += 4
        column += 4
        return number
    }

    // MARK: Space

    private mutating func skipSpace() throws(SettingProblem) {
        while let byte = peek {
            switch byte {
            case 32, 9, 13: advance()
            case 10: advance()
            case UInt8(ascii: "/"): try skipComment()
            default: return
            }
        }
    }

    private mutating func skipComment() throws(SettingProblem) {
        let start = place
        advance()
        if take(UInt8(ascii: "/")) {
            while let byte = peek, byte != 10 { advance() }
            return
        }
        guard take(UInt8(ascii: "*")) else {
            throw SettingProblem("a comment begins with // or /*", place: start)
        }
        while peek != nil {
            if peek == UInt8(ascii: "*"), index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: "/") {
                advance()
                advance()
                return
            }
            advance()
        }
        throw SettingProblem("the comment that begins here has no end", place: start)
    }

    private var peek: UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func advance() {
        if bytes[index] == 10 {
            (line, column) = (line + 1, 1)
        } else if bytes[index] & 0xC0 != 0x80 {
            // Continuation bytes are no scalars of their own.
            column += 1
        }
        index += 1
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        advance()
        return true
    }

    // MARK: Places

    private var place: SettingPlace { SettingPlace(file: file, line: line, column: column) }

    private func problem(_ message: String) -> SettingProblem { SettingProblem(message, place: place) }

    private mutating func moveToInvalidByte() {
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        index = 0
        while case .scalarValue(let scalar) = decoder.decode(&iterator) {
            for _ in 0..<UTF8.width(scalar) { advance() }
        }
    }
}
