// SPDX-License-Identifier: Apache-2.0

/// Qualified names stand not only in tags but, in XML Schema and its like, at the beginning of attribute values and of
/// texts. What looks like one there counts as a use of its prefix.
extension XMLReader {
    /// Notes the prefixes at the beginning of the values of the last start tag's attributes.
    mutating func useContentPrefixes() {
        for index in attributes.indices {
            let attribute = attributes[index]
            useContentPrefix(in: attribute.value.range)
            // Without a prefix, the name of a type is in the default namespace.
            if attribute.name.namespace == .schemaInstance, contentPrefix(in: attribute.value.range) == nil {
                _ = namespaces.resolve(UnsafeRawBufferPointer(start: nil, count: 0))
            }
        }
    }

    /// Notes the prefix at the beginning of a text.
    mutating func useContentPrefix(in range: Range<Int>) {
        guard let prefix = contentPrefix(in: range) else { return }
        _ = namespaces.resolve(bytes.part(prefix))
    }

    /// Where a prefix lies, if a text begins with one.
    func contentPrefix(in range: Range<Int>) -> Range<Int>? {
        var position = range.lowerBound
        while position < range.upperBound, isXMLWhitespace(bytes[position]) { position &+= 1 }
        let start = position
        while position < range.upperBound {
            let length = bytes.xmlNameCharacterLength(at: position, isFirst: position == start)
            guard length > 0 else { break }
            position &+= length
        }
        guard position > start, position + 1 < range.upperBound, bytes[position] == UInt8(ascii: ":"),
            bytes.xmlNameCharacterLength(at: position + 1, isFirst: true) > 0
        else { return nil }
        return start..<position
    }

    /// Where the one element of a document lies that means the same when it stands as data of an event, or nothing:
    /// where the document is not well-formed, has something beside its element, or uses in its text prefixes that
    /// events declare and it does not.
    static func selfContainedElement(in bytes: UnsafeRawBufferPointer, maximumDepth: Int) -> Range<Int>? {
        var reader = XMLReader(bytes, maximumDepth: maximumDepth)
        var start: Int?
        var end = 0
        while let token = try? reader.next() {
            switch token {
            case .startElement:
                start = start ?? reader.tokenOffset
                let values = reader.attributes.map(\.value.range)
                guard !values.contains(where: { reader.usesEventPrefix($0) }) else { return nil }
            case .text(let text):
                guard !reader.usesEventPrefix(text.range) else { return nil }
            case .endElement: end = reader.offset
            case .comment, .processingInstruction:
                guard reader.depth > 0 else { return nil }
            case .end: return start.map { $0..<end }
            }
        }
        return nil
    }

    private mutating func usesEventPrefix(_ range: Range<Int>) -> Bool {
        guard let prefix = contentPrefix(in: range) else { return false }
        let name = bytes.part(prefix)
        guard equal(name, "ce") || equal(name, "xs") || equal(name, "xsi") else { return false }
        return namespaces.resolve(name) == nil
    }
}
