// SPDX-License-Identifier: Apache-2.0

/// What a member of an event's object is: an attribute of the specification, numbered as ``CoreAttribute``, or another one.
enum JSONMember: UInt8 {
    case id, source, specVersion, type, dataContentType, dataSchema, subject, time
    /// An extension, whose name is a valid one.
    case `extension`
    /// An extension, if anything.
    case other
    case data, dataBase64

    @inline(__always) var bit: UInt16 { 1 << UInt16(rawValue) }

    /// The attribute, if it is one of the specification.
    @inline(__always) var attribute: CoreAttribute? {
        // The first eight are numbered as the attributes are.
        rawValue < 8 ? unsafeBitCast(rawValue, to: CoreAttribute.self) : nil
    }

    @inline(__always) var isExtension: Bool { rawValue &- Self.extension.rawValue < 2 }

    /// The first of those whose value is not just a string of plain text in most events: the others are attributes that are
    /// always a String.
    @inline(__always)
    static func firstUnusual(typesAreKnown: Bool) -> UInt8 { (typesAreKnown ? Self.extension : Self.other).rawValue }

    init(utf8: UnsafeRawBufferPointer) {
        if let attribute = CoreAttribute(utf8: utf8) {
            self = JSONMember(rawValue: attribute.rawValue) ?? .other
        } else if equal(utf8, "data") {
            self = .data
        } else {
            self = equal(utf8, "data_base64") ? .dataBase64 : .other
        }
    }
}

/// A member's name.
struct JSONMemberName {
    let member: JSONMember
    let text: JSONString

    @inline(__always)
    init(_ member: JSONMember, _ text: JSONString) {
        self.member = member
        self.text = text
    }

    /// The usual form of a name: plain, from a place on.
    @inline(__always)
    init(_ member: JSONMember, at start: Int, count: Int) {
        let range = Range(uncheckedBounds: (start, start &+ count))
        self.init(member, JSONString(range: range, hasEscapes: false, isPlain: true))
    }

    /// Notes that a member was there, which it may be once (C3).
    @inline(__always)
    func mark(in seen: inout UInt16) throws(Refusal) {
        guard seen & member.bit == 0 else { throw Refusal(.duplicateMember, .name, at: text.range.lowerBound) }
        seen |= member.bit
    }
}

extension JSONScanner {
    /// Reads a member's name and its colon; the scanner is at the opening quotation mark, and then at the value, whose first
    /// byte it gives.
    // Into so large a loop the compiler inlines nothing for the sake of `@inline(__always)`: 700 instructions per event.
    @_transparent
    mutating func memberName() throws(Refusal) -> (JSONMemberName, first: UInt8) {
        // Most names have their colon right behind them: then they are found, or checked, in one go.
        if let name = usualName() ?? extensionName() {
            offset = name.text.range.upperBound &+ 2
            return (name, skipWhitespace())
        }
        let (name, end) = try otherName()
        offset = end
        return (name, current)
    }

    /// Any name, and the place of its value.
    @inline(never)
    private func otherName() throws(Refusal) -> (JSONMemberName, end: Int) {
        var scanner = self
        let text = try scanner.string()
        try scanner.colon()
        return (JSONMemberName(withUTF8(text) { JSONMember(utf8: $0) }, text), scanner.offset)
    }

    /// A name of the specification with the colon right behind it, as nearly every writer puts it: found by comparing words
    /// instead of reading a string and then looking what it is.
    @inline(__always)
    private func usualName() -> JSONMemberName? {
        let start = offset &+ 1
        guard hasRoomForNames else { return nil }
        let word = UInt64(littleEndian: bytes.load(start, as: UInt64.self))
        let six = word << 16
        switch UInt8(truncatingIfNeeded: word) {
        case UInt8(ascii: "i"):
            if word << 32 == Self.word("id\":\0\0\0\0") << 32 { return JSONMemberName(.id, at: start, count: 2) }
        case UInt8(ascii: "t"):
            if six == Self.word("type\":\0\0") << 16 { return JSONMemberName(.type, at: start, count: 4) }
            if six == Self.word("time\":\0\0") << 16 { return JSONMemberName(.time, at: start, count: 4) }
        case UInt8(ascii: "s"):
            if word == Self.word("source\":") { return JSONMemberName(.source, at: start, count: 6) }
            if word == Self.word("subject\""), bytes[start &+ 8] == UInt8(ascii: ":") {
                return JSONMemberName(.subject, at: start, count: 7)
            }
            if word == Self.word("specvers"), isWord("ersion\":", start &+ 5) {
                return JSONMemberName(.specVersion, at: start, count: 11)
            }
        case UInt8(ascii: "d"): return usualDataName(word, at: start)
        default: break
        }
        return nil
    }

    @inline(__always)
    private func usualDataName(_ word: UInt64, at start: Int) -> JSONMemberName? {
        if word << 16 == Self.word("data\":\0\0") << 16 { return JSONMemberName(.data, at: start, count: 4) }
        if word == Self.word("datacont"), isWord("enttype\"", start &+ 8), bytes[start &+ 16] == UInt8(ascii: ":") {
            return JSONMemberName(.dataContentType, at: start, count: 15)
        }
        if word == Self.word("datasche"), isWord("schema\":", start &+ 4) {
            return JSONMemberName(.dataSchema, at: start, count: 10)
        }
        return nil
    }

    /// The name of an extension with the colon right behind it. That it is none of the specification's is known by now.
    @inline(__always)
    private func extensionName() -> JSONMemberName? {
        guard hasRoomForNames else { return nil }
        let start = offset &+ 1
        let end = AttributeName.end(in: bytes, from: start)
        guard end > start, end &+ 2 <= bytes.count, bytes[end] == UInt8(ascii: "\""),
            bytes[end &+ 1] == UInt8(ascii: ":")
        else { return nil }
        return JSONMemberName(.extension, at: start, count: end &- start)
    }

    /// Whether the text goes on as far as the longest name of the specification, its quotation mark and colon would reach.
    @inline(__always) private var hasRoomForNames: Bool { offset &+ 18 <= bytes.count }

    /// The eight bytes of an ASCII literal.
    @inline(__always)
    private static func word(_ literal: StaticString) -> UInt64 {
        UInt64(littleEndian: UnsafeRawPointer(literal.utf8Start).loadUnaligned(as: UInt64.self))
    }

    /// Whether the eight bytes of a literal stand at a place.
    @inline(__always)
    private func isWord(_ literal: StaticString, _ start: Int) -> Bool {
        UInt64(littleEndian: bytes.load(start, as: UInt64.self)) == Self.word(literal)
    }
}
