// SPDX-License-Identifier: Apache-2.0

/// Writes events as XML elements, all names with a prefix, so that data stands in no default namespace.
enum XMLEventEncoder {
    /// Writes the beginning of a document, its element's start tag still open.
    static func writeStart(_ name: StaticString, to writer: inout JSONWriter) {
        writer.writeRaw("<?xml version=\"1.0\" encoding=\"UTF-8\"?><ce:")
        writer.writeRaw(name)
        writer.writeRaw(" xmlns:ce=\"http://cloudevents.io/xmlformat/V1\"")
        writer.writeRaw(" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"")
        writer.writeRaw(" xmlns:xs=\"http://www.w3.org/2001/XMLSchema\"")
    }

    /// Writes the rest of an event's start tag and all that is between its tags.
    static func writeContent(
        of event: CloudEvent,
        limits: CodecLimits,
        to writer: inout JSONWriter
    ) throws(CloudEventError) {
        writer.reserve(512 + event.data.bytes.count)
        writer.writeRaw(" specversion=\"1.0\">")
        var event = event
        if event.data.kind == .json, event.dataContentType == nil { try event.setDataContentType("application/json") }
        for attribute in event.attributes where attribute.name != .specVersion { try write(attribute, to: &writer) }
        try writeData(of: event, limits: limits, to: &writer)
    }

    private static func write(_ attribute: CloudEvent.Attribute, to writer: inout JSONWriter) throws(CloudEventError) {
        let name = attribute.name.string
        guard let first = name.utf8.first, !URISyntax.isDigit(first) else {
            throw CloudEventError(
                .notRepresentable,
                "the name begins with a digit, but an XML element's name cannot; rename the attribute",
                attribute: name,
                rule: "X3"
            )
        }
        writer.writeRaw("<ce:")
        writer.writeXML(name)
        if !attribute.name.isCore {
            writer.writeRaw(" xsi:type=\"ce:")
            writer.writeRaw(attribute.value.type.xmlName)
            writer.writeRaw(UInt8(ascii: "\""))
        }
        writer.writeRaw(UInt8(ascii: ">"))
        if case .binary(let bytes) = attribute.value {
            bytes.withUnsafeBytes { writer.writeXMLBase64($0) }
        } else {
            writer.writeXML(attribute.value.canonicalString)
        }
        writer.writeRaw("</ce:")
        writer.writeXML(name)
        writer.writeRaw(UInt8(ascii: ">"))
    }
}

// MARK: - Data

extension XMLEventEncoder {
    private static func writeData(
        of event: CloudEvent,
        limits: CodecLimits,
        to writer: inout JSONWriter
    ) throws(CloudEventError) {
        let data = event.data
        guard data.kind != .json || event.hasJSONContentType else {
            throw CloudEventError(
                .notRepresentable,
                "the data is JSON, but datacontenttype says something else; change one of them",
                attribute: "data",
                rule: "X5"
            )
        }
        guard !data.isAbsent else { return }
        data.bytes.withUnsafeBytes { bytes in
            if let element = element(in: bytes, of: event, limits: limits) {
                writer.writeRaw("<ce:data xsi:type=\"xs:any\">")
                writer.writeRaw(bytes.part(element))
            } else if data.kind != .binary, bytes.hasOnlyXMLCharacters() {
                writer.writeRaw("<ce:data xsi:type=\"xs:string\">")
                writer.writeXML(bytes)
            } else {
                writer.writeRaw("<ce:data xsi:type=\"xs:base64Binary\">")
                writer.writeXMLBase64(bytes)
            }
        }
        writer.writeRaw("</ce:data>")
    }

    /// Where the data is an XML element and its content type says so, the element's place.
    private static func element(
        in bytes: UnsafeRawBufferPointer,
        of event: CloudEvent,
        limits: CodecLimits
    ) -> Range<Int>? {
        guard event.data.kind != .json, let contentType = event.dataContentType, isXML(contentType),
            event.data.kind == .text || MediaType.isUTF8(contentType)
        else { return nil }
        // Within batch, event and data, a reader with the same limits has to get through it.
        return XMLReader.selfContainedElement(in: bytes, maximumDepth: Swift.max(3, limits.nestingDepth) - 3)
    }

    /// Whether a content type means an XML document (RFC 7303).
    private static func isXML(_ contentType: String) -> Bool {
        guard let type = try? MediaType(contentType) else { return false }
        if type.subtype == "xml" { return type.type == "application" || type.type == "text" }
        return type.subtype.hasSuffix("+xml")
    }
}

// MARK: - Text

extension JSONWriter {
    /// Appends character data.
    mutating func writeXML(_ text: String) {
        var text = text
        text.withUTF8 { writeXML(UnsafeRawBufferPointer($0)) }
    }

    /// Appends character data, from UTF-8 with characters of XML only.
    mutating func writeXML(_ utf8: UnsafeRawBufferPointer) {
        var position = 0
        while true {
            let end = utf8.endOfUnescapedXML(from: position)
            writeRaw(utf8.part(position..<end))
            guard end < utf8.count else { return }
            switch utf8[end] {
            case UInt8(ascii: "<"): writeRaw("&lt;")
            case UInt8(ascii: ">"): writeRaw("&gt;")
            case UInt8(ascii: "&"): writeRaw("&amp;")
            default: writeRaw("&#13;")
            }
            position = end + 1
        }
    }

    /// Appends base64 without quotation marks, by pieces of a size that leaves no padding within.
    mutating func writeXMLBase64(_ bytes: UnsafeRawBufferPointer) {
        let piece = 3072
        reserve(Base64.encodedCount(bytes.count))
        withUnsafeTemporaryAllocation(byteCount: Base64.encodedCount(piece), alignment: 1) { buffer in
            guard let base = buffer.baseAddress else { return }
            for start in stride(from: 0, to: bytes.count, by: piece) {
                let part = bytes.part(start..<Swift.min(bytes.count, start + piece))
                Base64.encode(part, to: base)
                writeRaw(UnsafeRawBufferPointer(start: base, count: Base64.encodedCount(part.count)))
            }
        }
    }
}
