// SPDX-License-Identifier: Apache-2.0

extension XMLReader {
    /// Reads a name with at most one colon, which is not at its beginning or end (Namespaces in XML 1.0, QName).
    mutating func qualifiedName() throws(CloudEventError) -> XMLName {
        let start = offset
        try unqualifiedName()
        guard current == UInt8(ascii: ":") else { return XMLName(range: start..<offset, localStart: start) }
        offset += 1
        let localStart = offset
        try unqualifiedName()
        return XMLName(range: start..<offset, localStart: localStart)
    }

    /// Reads a name without a colon.
    mutating func unqualifiedName() throws(CloudEventError) {
        let start = offset
        while offset < bytes.count {
            let length = bytes.xmlNameCharacterLength(at: offset, isFirst: offset == start)
            guard length > 0 else { break }
            offset &+= length
        }
        guard offset > start else {
            throw malformed(
                offset < bytes.count ? "a name cannot begin with this character" : "the document ends early",
                at: offset
            )
        }
    }

    /// Reads what follows the name of a start tag, and says whether it is an empty element's.
    mutating func readAttributes(outside: Int) throws(CloudEventError) -> Bool {
        while true {
            let hasWhitespace = skipWhitespace()
            switch current {
            case UInt8(ascii: ">"):
                offset += 1
                return false
            case UInt8(ascii: "/"):
                guard bytes.has("/>", at: offset) else { throw malformed("a slash within a tag", at: offset) }
                offset += 2
                return true
            default:
                guard hasWhitespace else {
                    throw malformed(
                        offset < bytes.count
                            ? "this character cannot be within a tag, or white space is missing before it"
                            : "the document ends within a tag",
                        at: offset
                    )
                }
                try attribute(outside: outside)
            }
        }
    }

    private mutating func attribute(outside: Int) throws(CloudEventError) {
        let name = try qualifiedName()
        skipWhitespace()
        guard current == UInt8(ascii: "=") else { throw malformed("an attribute needs a value", at: offset) }
        offset += 1
        skipWhitespace()
        let value = try attributeValue()
        if equal(bytes.part(name.prefix), "xmlns") {
            try declare(name.local, value, outside: outside)
        } else if name.prefix.isEmpty, equal(bytes.part(name.range), "xmlns") {
            try declare(name.range.upperBound..<name.range.upperBound, value, outside: outside)
        } else {
            guard attributes.count < Self.maximumAttributes else {
                throw CloudEventError(
                    .limitExceeded,
                    "an element has more attributes than the limit of \(Self.maximumAttributes)",
                    offset: name.range.lowerBound
                )
            }
            attributes.append(XMLAttribute(name: name, value: value))
        }
    }

    private mutating func attributeValue() throws(CloudEventError) -> XMLText {
        let quote = current
        guard quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else {
            throw malformed("an attribute's value needs quotation marks", at: offset)
        }
        let start = offset + 1
        var position = start
        var needsDecoding = false
        while true {
            position = bytes.endOfPlainXML(from: position, quote, UInt8(ascii: "<"), UInt8(ascii: "&"))
            guard position < bytes.count else { throw malformed("the document ends within a tag", at: position) }
            switch bytes[position] {
            case quote:
                offset = position + 1
                return XMLText(range: start..<position, kind: .attributeValue, needsDecoding: needsDecoding)
            case UInt8(ascii: "<"):
                throw malformed("an attribute's value cannot have <; write &lt;", at: position)
            case UInt8(ascii: "&"):
                needsDecoding = true
                position = try endOfReference(at: position)
            default:
                if bytes[position] < 0x20 { needsDecoding = true }
                position = try endOfOtherCharacters(from: position)
            }
        }
    }
}

// MARK: - Namespaces

extension XMLReader {
    private mutating func declare(
        _ prefix: Range<Int>,
        _ value: XMLText,
        outside: Int
    ) throws(CloudEventError) {
        let prefixBytes = bytes.part(prefix)
        guard namespaces.declarations.count < Self.maximumAttributes else {
            throw CloudEventError(
                .limitExceeded,
                "more namespace declarations are in scope than the limit of \(Self.maximumAttributes)",
                offset: prefix.lowerBound
            )
        }
        guard !namespaces.declares(prefixBytes, from: outside) else {
            throw malformed("an element declares a prefix twice", at: prefix.lowerBound)
        }
        if let reason = bytes.withDecoded(value, { Self.defect(ofDeclaring: prefixBytes, as: $0) }) {
            throw malformed(reason, at: prefix.lowerBound)
        }
        bytes.withDecoded(value) { namespaces.declare(prefix, value, name: $0) }
    }

    /// Why a prefix cannot stand for a namespace, if it cannot (Namespaces in XML 1.0, 3).
    private static func defect(
        ofDeclaring prefix: UnsafeRawBufferPointer,
        as name: UnsafeRawBufferPointer
    ) -> String? {
        let known = XMLNamespace(known: name)
        if equal(prefix, "xmlns") { return "the prefix xmlns cannot be declared" }
        if known == .xmlns { return "no prefix can stand for the namespace of xmlns" }
        if equal(prefix, "xml") != (known == .xml) { return "the prefix xml and its namespace belong together" }
        return name.isEmpty && !prefix.isEmpty ? "a prefix cannot stand for no namespace" : nil
    }

    /// The namespace of an element.
    mutating func namespace(of name: XMLName) throws(CloudEventError) -> XMLNamespace {
        guard let namespace = namespaces.resolve(bytes.part(name.prefix)) else {
            throw malformed("the name's prefix is not declared; declare it with xmlns:", at: name.range.lowerBound)
        }
        return namespace
    }

    /// Finds the attributes' namespaces; one without a prefix has none. No two may have the same name then.
    mutating func resolveAttributes() throws(CloudEventError) {
        for index in attributes.indices where !attributes[index].name.prefix.isEmpty {
            attributes[index].name.namespace = try namespace(of: attributes[index].name)
        }
        guard attributes.count > 1, mayHaveAttributeTwice() else { return }
        for index in 1..<attributes.count {
            let name = attributes[index].name
            for other in 0..<index where attributes[other].name.namespace == name.namespace {
                guard !bytes.part(name.local).hasSameBytes(as: bytes.part(attributes[other].name.local)) else {
                    throw malformed("an element has an attribute twice", at: name.range.lowerBound)
                }
            }
        }
    }

    /// Sorts out nearly all elements with more attributes than are compared pair by pair at little cost.
    private func mayHaveAttributeTwice() -> Bool {
        guard attributes.count > 4 else { return true }
        let hashes = attributes.map { attribute in
            bytes.part(attribute.name.local).nameHash &+ UInt64(attribute.name.namespace.id) &* 0x9E37_79B9_7F4A_7C15
        }.sorted()
        return (1..<hashes.count).contains { hashes[$0 - 1] == hashes[$0] }
    }
}
