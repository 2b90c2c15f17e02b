// SPDX-License-Identifier: Apache-2.0

/// What a member of an event's object is: an attribute of the specification, numbered as ``CoreAttribute``, or another one.
enum JSONMember: UInt8 {
    case id, source, specVersion, type, dataContentType, dataSchema, subject, time
    case data, dataBase64
    /// An extension, if anything.
    case other

    @inline(__always) var bit: UInt16 { 1 << UInt16(rawValue) }

    /// The attribute, if it is one of the specification.
    @inline(__always) var attribute: CoreAttribute? {
        // The first eight are numbered as the attributes are.
        rawValue < 8 ? unsafeBitCast(rawValue, to: CoreAttribute.self) : nil
    }

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
}

extension JSONScanner {
    /// Reads a member's name and its colon; the scanner is at the opening quotation mark, and then at the value.
    @inline(__always)
    mutating func memberName() throws(Refusal) -> JSONMemberName {
        if let name = usualName() {
            // Behind the closing quotation mark and the colon.
            offset = name.text.range.upperBound &+ 2
            skipWhitespace()
            return name
        }
        let text = try string()
        try colon()
        return JSONMemberName(withUTF8(text) { JSONMember(utf8: $0) }, text)
    }

    /// A name of the specification with the colon right behind it, as nearly every writer puts it: found by comparing words
    /// instead of reading a string and then looking what it is.
    @inline(__always)
    private func usualName() -> JSONMemberName? {
        let start = offset &+ 1
        // The longest name, its quotation mark and colon.
        guard start &+ 17 <= bytes.count else { return nil }
        switch bytes[start] {
        case UInt8(ascii: "i"):
            if isHere("id\":", start) { return JSONMemberName(.id, at: start, count: 2) }
        case UInt8(ascii: "t"):
            if isHere("type\":", start) { return JSONMemberName(.type, at: start, count: 4) }
            if isHere("time\":", start) { return JSONMemberName(.time, at: start, count: 4) }
        case UInt8(ascii: "s"):
            if isHere("source\":", start) { return JSONMemberName(.source, at: start, count: 6) }
            if isHere("subject\":", start) { return JSONMemberName(.subject, at: start, count: 7) }
            if isHere("specversion\":", start) { return JSONMemberName(.specVersion, at: start, count: 11) }
        case UInt8(ascii: "d"):
            if isHere("data\":", start) { return JSONMemberName(.data, at: start, count: 4) }
            if isHere("datacontenttype\":", start) { return JSONMemberName(.dataContentType, at: start, count: 15) }
        default:
            break
        }
        return nil
    }

    /// Whether an ASCII literal of up to 24 bytes stands at a place.
    @inline(__always)
    func isHere(_ literal: StaticString, _ start: Int) -> Bool {
        let end = start &+ literal.utf8CodeUnitCount
        return end <= bytes.count && equal(bytes[Range(uncheckedBounds: (start, end))], literal)
    }
}
