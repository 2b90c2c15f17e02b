// SPDX-License-Identifier: Apache-2.0

/// Reads events in one pass over the document.
struct XMLEventDecoder {
    let input: SharedBytes
    let limits: CodecLimits
    var reader: XMLReader
    /// How many bytes of declarations were added to elements that are data.
    var addedBytes = 0

    /// The caller keeps the input alive while this is used: the reader looks into its memory.
    init(_ input: SharedBytes, limits: CodecLimits) {
        self.input = input
        self.limits = limits
        reader = XMLReader(input.unsafeBytes, maximumDepth: limits.nestingDepth)
    }

    mutating func eventDocument() throws(CloudEventError) -> CloudEvent {
        try root("event", rule: "X2")
        let event = try event()
        try end()
        return event
    }

    mutating func batchDocument() throws(CloudEventError) -> [CloudEvent] {
        try root("batch", rule: "X8")
        let events = try batch()
        try end()
        return events
    }

    /// Reads up to the document's element, which has to be a certain one.
    private mutating func root(_ name: StaticString, rule: String) throws(CloudEventError) {
        while true {
            guard case .startElement(let element) = try reader.next() else { continue }
            guard element.namespace == .cloudEvents else {
                throw CloudEventError(
                    .malformed,
                    "the document's element is not in the namespace http://cloudevents.io/xmlformat/V1",
                    offset: reader.tokenOffset,
                    rule: "X1"
                )
            }
            guard equal(reader.bytes.part(element.local), name) else {
                throw CloudEventError(
                    .malformed,
                    "the document's element has to be \(name)",
                    offset: reader.tokenOffset,
                    rule: rule
                )
            }
            return
        }
    }

    /// Makes sure that nothing but comments follows.
    private mutating func end() throws(CloudEventError) {
        while try reader.next() != .end {}
    }

    private mutating func batch() throws(CloudEventError) -> [CloudEvent] {
        var events: [CloudEvent] = []
        while true {
            switch try reader.next() {
            case .endElement, .end: return events
            case .text(let text): try requireBlank(text, rule: "X7")
            case .startElement(let name) where name.namespace == .cloudEvents:
                guard equal(reader.bytes.part(name.local), "event") else {
                    throw CloudEventError(
                        .malformed,
                        "of this namespace a batch has only event elements",
                        offset: reader.tokenOffset,
                        rule: "X8"
                    )
                }
                guard events.count < limits.batchEvents else {
                    throw CloudEventError(
                        .limitExceeded,
                        "the batch has more events than the limit of \(limits.batchEvents)",
                        offset: reader.tokenOffset
                    )
                }
                events.append(try event())
            case .startElement: try skipElement()
            case .comment, .processingInstruction: break
            }
        }
    }

    /// Reads on to the end of an element whose start tag was read.
    mutating func skipElement() throws(CloudEventError) {
        let outside = reader.depth - 1
        while reader.depth > outside { _ = try reader.next() }
    }

    func requireBlank(_ text: XMLText, rule: String) throws(CloudEventError) {
        guard !reader.bytes.withDecoded(text, { $0.allSatisfy { isXMLWhitespace($0) } }) else { return }
        throw CloudEventError(
            .malformed,
            "there is text between the elements; here can only be white space",
            offset: text.range.lowerBound,
            rule: rule
        )
    }
}

// MARK: - Events

extension XMLEventDecoder {
    /// Reads an event from behind its start tag to behind its end tag.
    private mutating func event() throws(CloudEventError) -> CloudEvent {
        let start = reader.tokenOffset
        var draft = XMLEventDraft(start: start)
        draft.add(.specVersion, .string(try specVersion()), at: start)
        while true {
            switch try reader.next() {
            case .endElement, .end:
                guard reader.offset - start <= limits.eventBytes else { throw limits.eventTooLarge(offset: start) }
                return try draft.event()
            case .text(let text): try requireBlank(text, rule: "X7")
            case .startElement(let name) where name.namespace == .cloudEvents:
                try readMember(name, into: &draft)
            case .startElement: try skipElement()
            case .comment, .processingInstruction: break
            }
        }
    }

    /// The version, which is an attribute without a namespace of the event's start tag (X2).
    private func specVersion() throws(CloudEventError) -> String {
        for attribute in reader.attributes where attribute.name.namespace == .none {
            guard equal(reader.bytes.part(attribute.name.local), "specversion") else { continue }
            return reader.bytes.withDecoded(attribute.value) { String(decoding: $0, as: UTF8.self) }
        }
        throw CloudEventError(
            .missingAttribute,
            "the event element needs the attribute specversion, without a prefix",
            attribute: "specversion",
            offset: reader.tokenOffset,
            rule: "X2"
        )
    }

    /// Reads an element of an event that is in the format's own namespace: an attribute or the data.
    private mutating func readMember(_ name: XMLName, into draft: inout XMLEventDraft) throws(CloudEventError) {
        let local = reader.bytes.part(name.local)
        let offset = reader.tokenOffset
        if equal(local, "data") {
            guard draft.data == nil else { throw dataError(.duplicate, "the event has data twice", at: offset) }
            draft.data = try data(at: offset)
            return
        }
        guard draft.attributes.count < limits.attributes else {
            throw CloudEventError(
                .limitExceeded,
                "the event has more attributes than the limit of \(limits.attributes)",
                offset: offset
            )
        }
        if let core = CoreAttribute(utf8: local) {
            draft.add(core.name, .string(try coreValue(core, at: offset)), at: offset)
        } else {
            let name = try attributeName(local, at: offset)
            draft.add(name, try extensionValue(name, at: offset), at: offset)
        }
    }

    private mutating func coreValue(_ attribute: CoreAttribute, at offset: Int) throws(CloudEventError) -> String {
        guard attribute != .specVersion else {
            throw CloudEventError(
                .malformed,
                "specversion is an XML attribute of the event element, not an element",
                attribute: "specversion",
                offset: offset,
                rule: "X2"
            )
        }
        try requireType(of: attribute, at: offset)
        return try attributeText(attribute.name.string)
    }

    private func attributeName(
        _ local: UnsafeRawBufferPointer,
        at offset: Int
    ) throws(CloudEventError) -> AttributeName {
        do throws(CloudEventError) {
            return try AttributeName(String(decoding: local, as: UTF8.self))
        } catch {
            throw error.naming(error.attribute ?? "", offset: offset)
        }
    }

    /// Refuses an attribute of the specification that says it is of another type than it is (X3).
    private mutating func requireType(of attribute: CoreAttribute, at offset: Int) throws(CloudEventError) {
        let type: AttributeType =
            switch attribute {
            case .source: .uriReference
            case .dataSchema: .uri
            case .time: .timestamp
            case .id, .type, .subject, .dataContentType, .specVersion: .string
            }
        switch typeDesignator() {
        case nil, .attribute(type)?: return
        default:
            throw CloudEventError(
                .invalidValue,
                "xsi:type is not the attribute's type, which is \(type.rawValue); leave it out",
                attribute: attribute.name.string,
                offset: offset,
                rule: "X3"
            )
        }
    }

    private mutating func extensionValue(
        _ name: AttributeName,
        at offset: Int
    ) throws(CloudEventError) -> AttributeValue {
        guard case .attribute(let type) = typeDesignator() else {
            throw CloudEventError(
                .invalidValue,
                "an extension needs an xsi:type of the format: ce:boolean, ce:integer, ce:string, ce:binary, ce:uri, "
                    + "ce:uriRef or ce:timestamp",
                attribute: name.string,
                offset: offset,
                rule: "X3"
            )
        }
        let text = try attributeText(name.string)
        do throws(CloudEventError) {
            return try AttributeValue(canonical: text, as: type)
        } catch {
            throw error.naming(name.string, offset: offset)
        }
    }

    /// Reads an attribute's value, white space and all, up to the end of its element (X4).
    private mutating func attributeText(_ name: String) throws(CloudEventError) -> String {
        let bytes = try elementText(attribute: name, rule: "X4")
        guard !bytes.withUnsafeBytes({ $0.contains { $0 == 0x0A || $0 == 0x0D } }) else {
            throw CloudEventError(
                .invalidValue,
                "an attribute's value cannot have a line break; write it in one line with the element's tags",
                attribute: name,
                offset: reader.tokenOffset,
                rule: "X4"
            )
        }
        return String(decodingUTF8: bytes)
    }
}
