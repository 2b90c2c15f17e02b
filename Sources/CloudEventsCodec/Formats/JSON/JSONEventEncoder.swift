// SPDX-License-Identifier: Apache-2.0

/// Writes events as JSON objects.
enum JSONEventEncoder {
    /// Writes an event.
    ///
    /// - Parameters:
    ///   - event: what is written.
    ///   - depth: how deep data may be nested to be written as a JSON value where that is not known yet.
    ///   - writer: what it is written behind.
    @inline(__always)
    static func write(
        _ event: CloudEvent,
        maximumDepth depth: Int,
        to writer: inout JSONWriter
    ) throws(CloudEventError) {
        defer { withExtendedLifetime(event) {} }
        let facts = event.facts
        let texts = event.texts
        // Room for all attributes at once; what is not plain is rare, and may take six times its size.
        var room = 160
        for index in 0..<(EventTexts.coreCount &+ 2 &* facts.extensionCount) {
            let text = texts[index]
            room &+= 8 &+ (text.isPlain ? text.count : 6 &* text.count)
        }
        writer.reserve(room)
        writer.appendUnchecked("{\"specversion\":\"1.0\",\"id\":")
        writer.appendString(texts[Int(CoreAttribute.id.rawValue)])
        writer.appendUnchecked(",\"source\":")
        writer.appendString(texts[Int(CoreAttribute.source.rawValue)])
        writer.appendUnchecked(",\"type\":")
        writer.appendString(texts[Int(CoreAttribute.type.rawValue)])
        writer.appendMember(",\"subject\":", texts[Int(CoreAttribute.subject.rawValue)])
        writer.appendMember(",\"time\":", texts[Int(CoreAttribute.time.rawValue)])
        writer.appendMember(",\"datacontenttype\":", texts[Int(CoreAttribute.dataContentType.rawValue)])
        writer.appendMember(",\"dataschema\":", texts[Int(CoreAttribute.dataSchema.rawValue)])
        for index in 0..<facts.extensionCount {
            let place = EventTexts.coreCount &+ 2 &* index
            writer.appendExtension(texts[place], texts[place &+ 1])
        }
        try writeData(of: event, facts, depth, to: &writer)
    }

    /// Writes the data, and the end of the object.
    @inline(__always)
    private static func writeData(
        of event: CloudEvent,
        _ facts: EventFacts,
        _ depth: Int,
        to writer: inout JSONWriter
    ) throws(CloudEventError) {
        let bytes = UnsafeRawBufferPointer(start: facts.dataStart, count: facts.dataCount)
        switch facts.dataForm {
        case .receivedAsJSON, .receivedAsText:
            return try writeReceived(event, facts, depth, to: &writer)
        case .absent:
            break
        case .json:
            guard facts.isJSONContentType || bytes.first(where: { $0 > 0x20 }) == UInt8(ascii: "\"") else {
                throw notJSON
            }
            writer.writeRaw(",\"data\":")
            writer.writeRaw(trimmingWhitespace(bytes))
        case .binary:
            writer.writeRaw(",\"data_base64\":")
            writer.writeBase64(bytes)
        case .text:
            writer.writeRaw(",\"data\":")
            if event.dataContentType != nil, facts.isJSONContentType {
                writer.writeRaw(try value(in: event.data, maximumDepth: depth))
            } else {
                writer.writeString(utf8: bytes)
            }
        }
        writer.writeRaw(UInt8(ascii: "}"))
    }

    /// Writes data that nobody has read yet.
    @inline(never)
    private static func writeReceived(
        _ event: CloudEvent,
        _ facts: EventFacts,
        _ depth: Int,
        to writer: inout JSONWriter
    ) throws(CloudEventError) {
        var facts = facts
        facts.dataForm = EventData.Form(event.data.kind(maximumDepth: depth))
        try writeData(of: event, facts, depth, to: &writer)
    }

    @inline(__always)
    private static func trimmingWhitespace(_ json: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var start = 0
        var end = json.count
        while start < end, json[start] <= 0x20 { start &+= 1 }
        while start < end, json[end &- 1] <= 0x20 { end &-= 1 }
        return UnsafeRawBufferPointer(rebasing: json[start..<end])
    }

    private static var notJSON: CloudEventError {
        CloudEventError(
            .notRepresentable,
            "the data is JSON, but datacontenttype says something else; change one of them",
            attribute: "data",
            rule: "J7"
        )
    }

    /// The JSON value that a text holds.
    private static func value(in data: EventData, maximumDepth: Int) throws(CloudEventError) -> SharedBytes {
        do throws(CloudEventError) {
            return try EventData.checkedJSON(data.bytes, maximumDepth: maximumDepth)
        } catch {
            throw CloudEventError(
                .notRepresentable,
                "datacontenttype says JSON, but the data is text that is not: \(error.message)",
                attribute: "data",
                offset: error.offset,
                rule: "J5"
            )
        }
    }
}

extension JSONWriter {
    /// Appends a member that an event may not have.
    @inline(__always)
    fileprivate mutating func appendMember(_ name: StaticString, _ text: EventText) {
        guard text.isPresent else { return }
        appendUnchecked(name)
        appendString(text)
    }

    /// Appends a text in quotation marks.
    @inline(__always)
    fileprivate mutating func appendString(_ text: EventText) {
        if text.isPlain {
            appendUnchecked(UInt8(ascii: "\""))
            appendUnchecked(text.bytes)
            appendUnchecked(UInt8(ascii: "\""))
        } else {
            writeString(utf8: text.bytes)
        }
    }

    /// Appends an extension attribute in the JSON form of its type (J2).
    @inline(__always)
    fileprivate mutating func appendExtension(_ name: EventText, _ value: EventText) {
        appendUnchecked(UInt8(ascii: ","))
        appendUnchecked(UInt8(ascii: "\""))
        appendUnchecked(name.bytes)
        appendUnchecked(UInt8(ascii: "\""))
        appendUnchecked(UInt8(ascii: ":"))
        switch value.type {
        case .boolean, .integer: appendUnchecked(value.bytes)
        default: appendString(value)
        }
    }
}
