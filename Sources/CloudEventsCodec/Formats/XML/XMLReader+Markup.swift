// SPDX-License-Identifier: Apache-2.0

// MARK: - Character data

extension XMLReader {
    /// Reads character data up to the next markup.
    mutating func text() throws(CloudEventError) -> XMLToken {
        let start = offset
        var position = start
        var needsDecoding = false
        while true {
            position = bytes.endOfPlainXML(from: position, UInt8(ascii: "<"), UInt8(ascii: "&"), UInt8(ascii: "]"))
            guard position < bytes.count else {
                throw malformed("the document ends before its element does", at: position)
            }
            switch bytes[position] {
            case UInt8(ascii: "<"):
                offset = position
                return .text(XMLText(range: start..<position, kind: .characters, needsDecoding: needsDecoding))
            case UInt8(ascii: "&"):
                needsDecoding = true
                position = try endOfReference(at: position)
            case UInt8(ascii: "]"):
                guard !bytes.has("]]>", at: position) else {
                    throw malformed("text cannot have ]]>; write ]]&gt;", at: position)
                }
                position += 1
            default:
                if bytes[position] == 0x0D { needsDecoding = true }
                position = try endOfOtherCharacters(from: position)
            }
        }
    }

    /// Reads a section whose beginning was seen.
    mutating func cdata() throws(CloudEventError) -> XMLText {
        let start = offset + 9
        var position = start
        var needsDecoding = false
        while true {
            position = bytes.endOfPlainXML(from: position, UInt8(ascii: "]"), UInt8(ascii: "]"), UInt8(ascii: "]"))
            guard position < bytes.count else { throw malformed("the document ends within CDATA", at: position) }
            if bytes[position] == UInt8(ascii: "]") {
                if bytes.has("]]>", at: position) { break }
                position += 1
            } else {
                if bytes[position] == 0x0D { needsDecoding = true }
                position = try endOfOtherCharacters(from: position)
            }
        }
        offset = position + 3
        return XMLText(range: start..<position, kind: .cdata, needsDecoding: needsDecoding)
    }

    /// Reads one character, and on while characters are not ASCII: where one is, the next often is too.
    @inline(__always)
    func endOfOtherCharacters(from start: Int) throws(CloudEventError) -> Int {
        var position = start
        repeat {
            let length = bytes.xmlCharacterLength(at: position)
            guard length > 0 else { throw notACharacter(at: position) }
            position &+= length
        } while position < bytes.count && bytes[position] >= 0x80
        return position
    }

    @inline(never)
    private func notACharacter(at position: Int) -> CloudEventError {
        let isCharacter = bytes[position] < 0x80 || bytes.utf8SequenceLength(at: position) > 0
        return malformed(
            isCharacter ? "XML cannot have this character" : "the document is not valid UTF-8",
            at: position
        )
    }

    func endOfReference(at position: Int) throws(CloudEventError) -> Int {
        if let reference = bytes.xmlReference(at: position) { return reference.end }
        throw malformed(
            "no reference begins here: there are &lt; &gt; &amp; &quot; &apos; and characters of XML by their number; "
                + "write &amp; for an ampersand",
            at: position
        )
    }
}

// MARK: - Comments, processing instructions, the declaration

extension XMLReader {
    /// Reads a comment whose beginning was seen.
    mutating func comment() throws(CloudEventError) {
        let hyphen = UInt8(ascii: "-")
        offset += 4
        while true {
            offset = bytes.endOfPlainXML(from: offset, hyphen, hyphen, hyphen)
            guard offset < bytes.count else { throw malformed("the document ends within a comment", at: offset) }
            guard bytes[offset] == hyphen else {
                offset = try endOfOtherCharacters(from: offset)
                continue
            }
            if bytes.has("--", at: offset) {
                guard bytes.has("-->", at: offset) else { throw malformed("a comment cannot have --", at: offset) }
                offset += 3
                return
            }
            offset += 1
        }
    }

    mutating func processingInstruction() throws(CloudEventError) {
        let start = offset
        offset += 2
        try unqualifiedName()
        let target = bytes.part((start + 2)..<offset)
        if target.count == 3, target[0] | 0x20 == UInt8(ascii: "x"), target[1] | 0x20 == UInt8(ascii: "m"),
            target[2] | 0x20 == UInt8(ascii: "l")
        {
            throw malformed("an XML declaration can only be the very first thing in a document", at: start)
        }
        guard skipWhitespace() || bytes.has("?>", at: offset) else {
            throw malformed("a processing instruction's name ends with this character", at: offset)
        }
        let question = UInt8(ascii: "?")
        while true {
            offset = bytes.endOfPlainXML(from: offset, question, question, question)
            guard offset < bytes.count else {
                throw malformed("the document ends within a processing instruction", at: offset)
            }
            guard bytes[offset] == question else {
                offset = try endOfOtherCharacters(from: offset)
                continue
            }
            offset += 1
            if current == UInt8(ascii: ">") { break }
        }
        offset += 1
    }

    /// Reads the byte order mark and the XML declaration, both of which may be missing.
    mutating func beginDocument() throws(CloudEventError) {
        if bytes.count >= 2, bytes[0] | 1 == 0xFF && bytes[1] | 1 == 0xFF || bytes[0] == 0 || bytes[1] == 0 {
            throw malformed("the document is not in UTF-8 but seems to be in UTF-16 or UTF-32; send UTF-8", at: 0)
        }
        if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { offset = 3 }
        guard bytes.has("<?xml", at: offset), offset + 5 < bytes.count, isXMLWhitespace(bytes[offset + 5]) else {
            return
        }
        offset += 5
        guard let version = try pseudoAttribute("version"), Self.isVersion(bytes.part(version)) else {
            throw malformed("the XML declaration needs a version 1.x", at: offset)
        }
        if let encoding = try pseudoAttribute("encoding"), !Self.isUTF8(bytes.part(encoding)) {
            throw malformed("the document says that its encoding is not UTF-8; send UTF-8", at: encoding.lowerBound)
        }
        if let standalone = try pseudoAttribute("standalone") {
            let value = bytes.part(standalone)
            guard equal(value, "yes") || equal(value, "no") else {
                throw malformed("standalone is yes or no", at: standalone.lowerBound)
            }
        }
        skipWhitespace()
        guard bytes.has("?>", at: offset) else { throw malformed("the XML declaration does not end here", at: offset) }
        offset += 2
    }

    private static func isVersion(_ version: UnsafeRawBufferPointer) -> Bool {
        version.has("1.", at: 0) && version.count > 2 && version.dropFirst(2).allSatisfy { URISyntax.isDigit($0) }
    }

    private static func isUTF8(_ encoding: UnsafeRawBufferPointer) -> Bool {
        encoding.count == 5 && encoding[0] | 0x20 == UInt8(ascii: "u") && encoding[1] | 0x20 == UInt8(ascii: "t")
            && encoding[2] | 0x20 == UInt8(ascii: "f") && encoding[3] == UInt8(ascii: "-")
            && encoding[4] == UInt8(ascii: "8")
    }

    /// Reads white space, a name of the declaration and its value, if that is what comes next.
    private mutating func pseudoAttribute(_ name: StaticString) throws(CloudEventError) -> Range<Int>? {
        let start = offset
        guard skipWhitespace(), bytes.has(name, at: offset) else {
            offset = start
            return nil
        }
        offset += name.utf8CodeUnitCount
        skipWhitespace()
        guard current == UInt8(ascii: "=") else { throw malformed("the XML declaration needs a = here", at: offset) }
        offset += 1
        skipWhitespace()
        let quote = current
        let valueStart = offset + 1
        guard quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'"),
            let end = bytes[valueStart...].prefix(40).firstIndex(of: quote)
        else { throw malformed("the XML declaration needs a short value in quotation marks here", at: offset) }
        offset = end + 1
        return valueStart..<end
    }
}
