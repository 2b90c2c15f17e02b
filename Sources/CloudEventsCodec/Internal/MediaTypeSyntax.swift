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

    /// Whether what follows the subtype is a list of `;name=value`. Empty parameters are let through.
    func hasValidParameters(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var position = parameters
        while position < bytes.count {
            guard bytes[position] == UInt8(ascii: ";") else { return false }
            position = Self.skipBlanks(bytes, from: position + 1)
            if position == bytes.count || bytes[position] == UInt8(ascii: ";") { continue }
            let nameEnd = Self.skipToken(bytes, from: position)
            guard nameEnd > position else { return false }
            position = Self.skipBlanks(bytes, from: nameEnd)
            guard position < bytes.count, bytes[position] == UInt8(ascii: "=") else { return false }
            position = Self.skipBlanks(bytes, from: position + 1)
            guard let valueEnd = Self.skipValue(bytes, from: position) else { return false }
            position = Self.skipBlanks(bytes, from: valueEnd)
        }
        return true
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
