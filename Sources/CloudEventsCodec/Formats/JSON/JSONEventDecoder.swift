// SPDX-License-Identifier: Apache-2.0

/// Reads events in one pass over the text. What the members are is decided as they come; what depends on several of
/// them, since their order is free (J12), is decided at the object's end.
struct JSONEventDecoder {
    let input: SharedBytes
    let format: JSONEventFormat
    var reader: JSONReader

    /// The caller keeps the input alive while this is used: the reader looks into its memory.
    init(_ input: SharedBytes, format: JSONEventFormat) {
        self.input = input
        self.format = format
        reader = JSONReader(input.unsafeBytes, maximumDepth: format.limits.nestingDepth)
    }

    /// Makes sure that nothing follows.
    mutating func end() throws(CloudEventError) {
        _ = try reader.next()
    }

    mutating func batch() throws(CloudEventError) -> [CloudEvent] {
        guard try reader.next() == .beginArray else {
            throw CloudEventError(.malformed, "a batch is a JSON array of events", offset: 0, rule: "J13")
        }
        var events: [CloudEvent] = []
        while true {
            let token = try reader.next()
            if token == .endArray { return events }
            guard token == .beginObject else { throw notAnObject }
            guard events.count < format.limits.batchEvents else {
                throw CloudEventError(
                    .limitExceeded,
                    "the batch has more events than the limit of \(format.limits.batchEvents)",
                    offset: reader.offset
                )
            }
            let start = reader.offset - 1
            events.append(try members())
            guard reader.offset - start <= format.limits.eventBytes else {
                throw format.limits.eventTooLarge(offset: start)
            }
        }
    }

    mutating func event() throws(CloudEventError) -> CloudEvent {
        guard try reader.next() == .beginObject else { throw notAnObject }
        return try members()
    }

    private var notAnObject: CloudEventError {
        CloudEventError(.malformed, "an event is a JSON object", offset: max(0, reader.offset - 1), rule: "J1")
    }
}

// MARK: - Members

extension JSONEventDecoder {
    /// Reads an event from behind its opening brace to behind its closing one.
    private mutating func members() throws(CloudEventError) -> CloudEvent {
        var draft = JSONEventDraft()
        var count = 0
        while case .name(let name) = try reader.next() {
            count += 1
            guard count <= format.limits.attributes else {
                throw CloudEventError(
                    .limitExceeded,
                    "the event has more attributes than the limit of \(format.limits.attributes)",
                    offset: name.range.lowerBound
                )
            }
            switch reader.withUTF8(name, { JSONMember(utf8: $0) }) {
            case .core(let attribute):
                try draft.mark(1 << UInt16(attribute.rawValue), attribute.name.string, at: name.range.lowerBound)
                try readCore(attribute, into: &draft)
            case .data:
                try draft.mark(JSONEventDraft.dataBit, "data", at: name.range.lowerBound)
                draft.data = try reader.wholeValue()
            case .dataBase64:
                try draft.mark(JSONEventDraft.base64Bit, "data_base64", at: name.range.lowerBound)
                guard case .string(let text) = try reader.next() else {
                    throw JSONEventDraft.invalidBase64(at: name.range.lowerBound)
                }
                draft.base64 = text
            case .other:
                try readExtension(name, into: &draft)
            }
        }
        return try draft.event(reader: reader, input: input)
    }

    /// Reads the value of one of the specification's own attributes, all of which are strings in JSON (J2).
    private mutating func readCore(
        _ attribute: CoreAttribute,
        into draft: inout JSONEventDraft
    ) throws(CloudEventError) {
        let string: JSONString
        switch try reader.next() {
        case .null: return
        case .string(let found): string = found
        default:
            throw CloudEventError(
                .invalidValue,
                "the attribute has to be a JSON string",
                attribute: attribute.name.string,
                offset: reader.offset,
                rule: "J2"
            )
        }
        do throws(CloudEventError) {
            try draft.set(attribute, to: string, reader: reader)
        } catch {
            throw error.naming(attribute.name.string, offset: string.range.lowerBound)
        }
    }

    private mutating func readExtension(
        _ nameText: JSONString,
        into draft: inout JSONEventDraft
    ) throws(CloudEventError) {
        let place = nameText.range.lowerBound
        let name: AttributeName
        do throws(CloudEventError) {
            name = try AttributeName(reader.text(nameText))
        } catch {
            throw error.naming(error.attribute ?? "", offset: place)
        }
        do throws(CloudEventError) {
            let value = try extensionValue(declared: format.extensionTypes.isEmpty ? nil : format.extensionTypes[name])
            try draft.add(name, value, at: place)
        } catch {
            throw error.attribute == nil && error.code != .malformed ? error.naming(name.string, offset: place) : error
        }
    }

    /// Reads the value of an extension attribute (J2, J11); `null` is no value (J3).
    private mutating func extensionValue(declared: AttributeType?) throws(CloudEventError) -> AttributeValue? {
        let value: AttributeValue
        switch try reader.next() {
        case .null:
            return nil
        case .boolean(let found):
            value = .boolean(found)
        case .number(let number):
            guard number.isInteger, let integer = AttributeValue.integer(reader.rawBytes(number)) else {
                throw AttributeValue.invalidInteger
            }
            value = .integer(integer)
        case .string(let string):
            if let declared, declared != .string {
                return try AttributeValue(canonical: reader.text(string), as: declared)
            }
            value = .string(try reader.attributeText(string))
        default:
            throw CloudEventError(.invalidValue, "an attribute cannot be an object or an array", rule: "J2")
        }
        guard declared == nil || declared == value.type else {
            throw CloudEventError(.invalidValue, "the value is not of the type declared for the attribute", rule: "J2")
        }
        return value
    }
}

/// What a member of an event's object is.
private enum JSONMember {
    case core(CoreAttribute), data, dataBase64, other

    init(utf8: UnsafeRawBufferPointer) {
        if let attribute = CoreAttribute(utf8: utf8) {
            self = .core(attribute)
        } else if equal(utf8, "data") {
            self = .data
        } else if equal(utf8, "data_base64") {
            self = .dataBase64
        } else {
            self = .other
        }
    }
}

extension JSONReader {
    /// The text of a String attribute (T3).
    func attributeText(_ string: JSONString) throws(CloudEventError) -> String {
        guard withUTF8(string, { firstDisallowedCharacter($0) }) == nil else { throw AttributeValue.invalidString }
        return text(string)
    }
}
