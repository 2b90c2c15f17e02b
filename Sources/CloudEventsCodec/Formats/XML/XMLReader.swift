// SPDX-License-Identifier: Apache-2.0

/// Reads an XML 1.0 document with namespaces step by step, without recursion and without copying.
///
/// It checks everything that well-formedness asks for: UTF-8 and the characters of XML, names, matching tags, unique
/// attributes, references, and that each prefix is declared. Document type declarations are refused: without them there
/// are no entities that grow or that name files.
///
/// The bytes belong to the caller, who keeps them alive and unchanged as long as the reader is used.
package struct XMLReader {
    package let bytes: UnsafeRawBufferPointer
    /// Where the next token is looked for, which is the end of the last.
    package internal(set) var offset = 0
    /// Where the last token begins.
    package private(set) var tokenOffset = 0
    /// The attributes of the last start tag.
    package internal(set) var attributes: [XMLAttribute] = []
    var namespaces: XMLNamespaceScope

    /// The most attributes of one element, and the most namespace declarations that may be in scope at a place.
    package static let maximumAttributes = 256

    private let maximumDepth: Int
    private var state = State.start
    private var isEmptyElement = false
    private var openElements: [OpenElement] = []

    private enum State {
        case start, prolog, content, epilog
    }

    private struct OpenElement {
        let name: Range<Int>
        /// How many namespace declarations were in scope outside.
        let declarations: Int
    }

    /// Begins at the first byte.
    ///
    /// - Parameters:
    ///   - bytes: the document, in UTF-8.
    ///   - maximumDepth: how many elements may be open at a time.
    package init(_ bytes: UnsafeRawBufferPointer, maximumDepth: Int = 128) {
        self.bytes = bytes
        self.maximumDepth = maximumDepth
        namespaces = XMLNamespaceScope(bytes)
    }

    /// How many elements are open.
    package var depth: Int { openElements.count }

    /// The next token.
    ///
    /// - Throws: ``CloudEventError`` with the byte's place: `malformed`, or `limitExceeded` for the depth and for the
    ///   number of attributes.
    package mutating func next() throws(CloudEventError) -> XMLToken {
        if isEmptyElement {
            isEmptyElement = false
            tokenOffset = offset
            closeElement()
            return .endElement
        }
        if state == .content {
            tokenOffset = offset
            guard current == UInt8(ascii: "<") else { return try text() }
            return try markup()
        }
        if state == .start {
            try beginDocument()
            state = .prolog
        }
        skipWhitespace()
        tokenOffset = offset
        guard offset < bytes.count else {
            guard state == .epilog else { throw malformed("the document has no element", at: offset) }
            return .end
        }
        guard current == UInt8(ascii: "<") else {
            throw malformed("there is text outside of the document's element", at: offset)
        }
        return try markup()
    }

    /// The byte at the current place, or 0 at the end: nothing in XML begins with 0, so that it is refused.
    @inline(__always)
    var current: UInt8 { offset < bytes.count ? bytes[offset] : 0 }

    /// Whether there was any.
    @inline(__always)
    @discardableResult
    mutating func skipWhitespace() -> Bool {
        let start = offset
        while offset < bytes.count, isXMLWhitespace(bytes[offset]) { offset &+= 1 }
        return offset > start
    }

    @inline(never)
    func malformed(_ message: String, at offset: Int) -> CloudEventError {
        CloudEventError(.malformed, message, offset: offset)
    }
}

// MARK: - Elements

extension XMLReader {
    private mutating func markup() throws(CloudEventError) -> XMLToken {
        switch offset + 1 < bytes.count ? bytes[offset + 1] : 0 {
        case UInt8(ascii: "/"):
            try endTag()
            return .endElement
        case UInt8(ascii: "?"):
            try processingInstruction()
            return .processingInstruction
        case UInt8(ascii: "!"):
            return try declarationOrSection()
        default:
            guard state != .epilog else { throw malformed("a document has one element, and it is over", at: offset) }
            return .startElement(try startTag())
        }
    }

    private mutating func declarationOrSection() throws(CloudEventError) -> XMLToken {
        if bytes.has("<!--", at: offset) {
            try comment()
            return .comment
        }
        if bytes.has("<![CDATA[", at: offset) {
            guard state == .content else {
                throw malformed("there is text outside of the document's element", at: offset)
            }
            return .text(try cdata())
        }
        if bytes.has("<!DOCTYPE", at: offset) {
            throw malformed(
                "document type declarations (DOCTYPE) and their entities are not read; send the document without one",
                at: offset
            )
        }
        throw malformed("behind <! can only be a comment or a CDATA section", at: offset)
    }

    private mutating func startTag() throws(CloudEventError) -> XMLName {
        guard depth < maximumDepth else {
            throw CloudEventError(
                .limitExceeded,
                "elements are nested deeper than the limit of \(maximumDepth)",
                offset: offset
            )
        }
        let outside = namespaces.declarations.count
        offset += 1
        var name = try qualifiedName()
        attributes.removeAll(keepingCapacity: true)
        isEmptyElement = try readAttributes(outside: outside)
        name.namespace = try namespace(of: name)
        try resolveAttributes()
        openElements.append(OpenElement(name: name.range, declarations: outside))
        state = .content
        return name
    }

    private mutating func endTag() throws(CloudEventError) {
        guard let element = openElements.last else {
            throw malformed("an end tag without a start tag", at: offset)
        }
        let start = offset + 2
        let end = start + element.name.count
        guard end <= bytes.count, bytes.part(start..<end).hasSameBytes(as: bytes.part(element.name)) else {
            throw malformed("the end tag does not match the start tag", at: offset)
        }
        offset = end
        skipWhitespace()
        guard current == UInt8(ascii: ">") else {
            throw malformed("the end tag does not match the start tag, or does not end", at: offset)
        }
        offset += 1
        closeElement()
    }

    private mutating func closeElement() {
        guard let element = openElements.popLast() else { return }
        namespaces.close(to: element.declarations)
        if openElements.isEmpty { state = .epilog }
    }
}
