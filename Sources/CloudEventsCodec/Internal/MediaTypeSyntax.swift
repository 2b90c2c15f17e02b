// SPDX-License-Identifier: Apache-2.0

/// Where the parts of a media type lie in its text. Spaces and tabs are allowed around the parts, as receivers do.
struct MediaTypeSyntax {
    let type: Range<Int>
    let subtype: Range<Int>
    /// Where the parameters begin, if there are any: at their first semicolon.
    private let parameters: Int

    init?(_ bytes: UnsafeRawBufferPointer) {
        var position = Self.skipBlanks(bytes, from: 0)
        let typeEnd = Self.skipToken(bytes, from: position)
        guard typeEnd > position, typeEnd < bytes.count, bytes[typeEnd] == UInt8(ascii: "/") else { return nil }
        type = position..<typeEnd
        position = typeEnd + 1
        let subtypeEnd = Self.skipToken(bytes, from: position)
        guard subtypeEnd > position else { return nil }
        subtype = position..<subtypeEnd
        parameters = Self.skipBlanks(bytes, from: subtypeEnd)
        guard parameters == bytes.count || bytes[parameters] == UInt8(ascii: ";") else { return nil }
    }

    /// What the parameters say of the encoding of text.
    enum Charset {
        /// UTF-8 or its part ASCII, or nothing.
        case utf8
        case other
    }

    /// The charset that the parameters name, or nothing where what follows the subtype is no list of `;name=value`.
    /// Empty parameters are let through.
    func charset(_ bytes: UnsafeRawBufferPointer) -> Charset? {
        var charset = Charset.utf8
        var position = parameters
        while position < bytes.count {
            guard bytes[position] == UInt8(ascii: ";") else { return nil }
            position = Self.skipBlanks(bytes, from: position + 1)
            if position == bytes.count || bytes[position] == UInt8(ascii: ";") { continue }
            let name = position..<Self.skipToken(bytes, from: position)
            position = Self.skipBlanks(bytes, from: name.upperBound)
            guard !name.isEmpty, position < bytes.count, bytes[position] == UInt8(ascii: "=") else { return nil }
            position = Self.skipBlanks(bytes, from: position + 1)
            guard let valueEnd = Self.skipValue(bytes, from: position) else { return nil }
            let value = UnsafeRawBufferPointer(rebasing: bytes[position..<valueEnd])
            if Self.isSame(bytes[name], "charset"), !Self.isUTF8(value) { charset = .other }
            position = Self.skipBlanks(bytes, from: valueEnd)
        }
        return charset
    }

    /// Whether a parameter's value, possibly in quotes, is the name of a charset whose text is UTF-8.
    private static func isUTF8(_ value: UnsafeRawBufferPointer) -> Bool {
        value.first == UInt8(ascii: "\"") ? isNameOfUTF8(unquoted(value)) : isNameOfUTF8(value)
    }

    /// `utf8` is a label that is widely written, though it is not registered.
    private static func isNameOfUTF8(_ name: some Sequence<UInt8>) -> Bool {
        isSame(name, "utf-8") || isSame(name, "us-ascii") || isSame(name, "utf8")
    }

    private static func unquoted(_ value: UnsafeRawBufferPointer) -> [UInt8] {
        var isEscaped = false
        return value.dropFirst().dropLast().filter { byte in
            isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
            return !isEscaped
        }
    }

    /// Whether bytes are a text in lower case, whatever their own case.
    private static func isSame(_ bytes: some Sequence<UInt8>, _ lowercased: String) -> Bool {
        bytes.elementsEqual(lowercased.utf8) { $0 == $1 || $0 | 0x20 == $1 && $1 >= UInt8(ascii: "a") }
    }

    private static func skipValue(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard start < bytes.count, bytes[start] == UInt8(ascii: "\"") else {
            let end = skipToken(bytes, from: start)
            return end > start ? end : nil
        }
        var position = start + 1
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""): return position + 1
            case UInt8(ascii: "\\"): position += 2
            case 0..<0x20, 0x7F...: return nil
            default: position += 1
            }
        }
        return nil
    }

    private static func skipToken(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        var position = start
        while position < bytes.count, ByteSet.tokenCharacters.contains(bytes[position]) { position += 1 }
        return position
    }

    private static func skipBlanks(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        var position = start
        while position < bytes.count, bytes[position] == 0x20 || bytes[position] == 0x09 { position += 1 }
        return position
    }
}
