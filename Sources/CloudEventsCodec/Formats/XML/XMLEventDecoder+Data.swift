// SPDX-License-Identifier: Apache-2.0

extension XMLEventDecoder {
    /// Reads the data from behind its start tag to behind its end tag (X5).
    mutating func data(at offset: Int) throws(CloudEventError) -> EventData {
        switch typeDesignator() {
        case .text: return EventData(unchecked: .text, try elementText(attribute: "data", rule: "X5"))
        case .base64:
            let text = try elementText(attribute: "data", rule: "X5")
            guard let bytes = Self.base64(text) else {
                throw dataError(
                    .invalidData,
                    "the data is not base64, with padding and the standard alphabet",
                    at: offset
                )
            }
            return .binary(bytes)
        case .any: return EventData(unchecked: .text, try elementData(at: offset))
        default:
            throw dataError(.invalidData, "data needs an xsi:type: xs:string, xs:base64Binary or xs:any", at: offset)
        }
    }

    func dataError(_ code: CloudEventError.Code, _ message: String, at offset: Int) -> CloudEventError {
        CloudEventError(code, message, attribute: "data", offset: offset, rule: "X5")
    }

    /// The bytes of base64, in which XML Schema allows white space.
    private static func base64(_ text: SharedBytes) -> SharedBytes? {
        text.withUnsafeBytes { bytes in
            guard bytes.contains(where: { isXMLWhitespace($0) }) else { return Base64.decode(bytes) }
            let compact = SharedBytes(unsafeUninitializedCapacity: bytes.count) { output in
                var count = 0
                for byte in bytes where !isXMLWhitespace(byte) {
                    output[count] = byte
                    count += 1
                }
                return count
            }
            return compact.withUnsafeBytes { Base64.decode($0) }
        }
    }

    // MARK: - Text

    /// Reads the text of an element without children up to its end. It shares the input's buffer where it is one piece
    /// without references.
    mutating func elementText(attribute: String, rule: String) throws(CloudEventError) -> SharedBytes {
        guard let first = try nextText(attribute, rule) else { return SharedBytes() }
        guard let second = try nextText(attribute, rule) else {
            if !first.needsDecoding { return input.slice(first.range) }
            var writer = JSONWriter(capacity: first.range.count)
            reader.bytes.decode(first, to: &writer)
            return writer.finish()
        }
        var writer = JSONWriter(capacity: first.range.count + second.range.count)
        reader.bytes.decode(first, to: &writer)
        reader.bytes.decode(second, to: &writer)
        while let text = try nextText(attribute, rule) { reader.bytes.decode(text, to: &writer) }
        return writer.finish()
    }

    private mutating func nextText(_ attribute: String, _ rule: String) throws(CloudEventError) -> XMLText? {
        while true {
            switch try reader.next() {
            case .text(let text): return text
            case .endElement, .end: return nil
            case .comment, .processingInstruction: break
            case .startElement:
                throw CloudEventError(
                    rule == "X5" ? .invalidData : .invalidValue,
                    "the element has a child; it can only have text",
                    attribute: attribute,
                    offset: reader.tokenOffset,
                    rule: rule
                )
            }
        }
    }

    // MARK: - An element as data

    /// Reads the one element that is the data, and gives its text: cut out of the input where it declares all
    /// namespaces it uses, otherwise with the missing declarations in its start tag.
    private mutating func elementData(at offset: Int) throws(CloudEventError) -> SharedBytes {
        var found: SharedBytes?
        reader.namespaces.watch()
        while true {
            switch try reader.next() {
            case .endElement, .end:
                if let found { return found }
                throw notOneElement("none", at: offset)
            case .text(let text):
                try requireBlank(text, rule: "X5")
            case .startElement(let name):
                let start = reader.tokenOffset
                guard found == nil else { throw notOneElement("a second", at: start) }
                reader.useContentPrefixes()
                try readElement()
                // Now, while the declarations of the element around it are still there.
                let missing = reader.namespaces.endWatch()
                found = try withDeclarations(missing, start..<reader.offset, nameEnd: name.range.upperBound)
            case .comment, .processingInstruction: break
            }
        }
    }

    private func notOneElement(_ found: String, at offset: Int) -> CloudEventError {
        dataError(.invalidData, "data of type xs:any has exactly one element, and here is \(found)", at: offset)
    }

    /// Reads on to the end of an element whose start tag was read, and notes which namespaces its content uses.
    private mutating func readElement() throws(CloudEventError) {
        let outside = reader.depth - 1
        while reader.depth > outside {
            switch try reader.next() {
            case .startElement: reader.useContentPrefixes()
            case .text(let text): reader.useContentPrefix(in: text.range)
            default: break
            }
        }
    }

    /// The most bytes that declarations add to one element.
    static let maximumAddedBytes = 4096

    /// The most bytes that declarations add to all elements of a document, so that a batch cannot multiply one long name.
    private var maximumAddedBytesOfAll: Int { max(64 << 10, input.count) }

    private mutating func withDeclarations(
        _ declarations: [XMLNamespaceScope.Declaration],
        _ range: Range<Int>,
        nameEnd: Int
    ) throws(CloudEventError) -> SharedBytes {
        guard !declarations.isEmpty else { return input.slice(range) }
        let added = declarations.reduce(0) { $0 + $1.prefix.count + $1.value.range.count + 10 }
        addedBytes += added
        guard added <= Self.maximumAddedBytes, addedBytes <= maximumAddedBytesOfAll else {
            throw CloudEventError(
                .limitExceeded,
                "the data uses namespaces declared outside of it with too long names; declare them in its own element",
                attribute: "data",
                offset: range.lowerBound
            )
        }
        let bytes = reader.bytes
        var writer = JSONWriter(capacity: range.count + added)
        writer.writeRaw(bytes.part(range.lowerBound..<nameEnd))
        for declaration in declarations {
            writer.writeRaw(declaration.prefix.isEmpty ? " xmlns" : " xmlns:")
            writer.writeRaw(bytes.part(declaration.prefix))
            writer.writeRaw(UInt8(ascii: "="))
            // With the quotation marks that stand around the value.
            let value = declaration.value.range
            writer.writeRaw(bytes.part((value.lowerBound - 1)..<(value.upperBound + 1)))
        }
        writer.writeRaw(bytes.part(nameEnd..<range.upperBound))
        return writer.finish()
    }
}
