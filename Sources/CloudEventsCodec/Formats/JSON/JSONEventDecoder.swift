// SPDX-License-Identifier: Apache-2.0

/// Reads events in one pass over the text. What the members are is decided as they come; what depends on several of
/// them, since their order is free (J12), is decided at the object's end.
struct JSONEventDecoder: ~Copyable {
    var scanner: JSONScanner
    let limits: CodecLimits
    /// The declared types of extensions, if there are any.
    let extensionTypes: [AttributeName: AttributeType]?
    /// The buffer that the text is in, if events may share it; otherwise they copy the text.
    let shared: SharedByteStorage?

    /// How many objects and arrays are open around a member's value: the event's own object, and the batch's array.
    private var depth = 1
    /// The value of `data` or `data_base64`, where there is one.
    private var data = Range(uncheckedBounds: (0, 0))
    private var base64: JSONString?
    /// The members that were there, null or not, one bit each.
    private var seen: UInt16 = 0

    private static let dataBit: UInt16 = 1 << 8
    private static let base64Bit: UInt16 = 1 << 9

    /// The caller keeps the bytes alive while this is used.
    @inline(__always)
    init(_ bytes: UnsafeRawBufferPointer, sharing storage: SharedByteStorage?, format: JSONEventFormat) {
        scanner = JSONScanner(bytes)
        limits = format.limits
        extensionTypes = format.extensionTypes.isEmpty ? nil : format.extensionTypes
        shared = storage
    }

    /// Reads the text of one event.
    @inline(__always)
    mutating func event() throws(Refusal) -> CloudEvent {
        scanner.skipWhitespace()
        let event = try EventDraft.with { draft throws(Refusal) in
            try members(&draft)
            return try make(&draft, of: scanner.bytes.buffer)
        }
        try end()
        return event
    }

    /// Reads the text of a batch.
    mutating func batch() throws(Refusal) -> [CloudEvent] {
        scanner.skipWhitespace()
        guard scanner.current == UInt8(ascii: "[") else {
            throw scanner.refusal(.notBatch)
        }
        depth = 2
        scanner.offset += 1
        scanner.skipWhitespace()
        var events: [CloudEvent] = []
        if scanner.current == UInt8(ascii: "]") {
            scanner.offset += 1
        } else {
            try EventDraft.with { draft throws(Refusal) in try elements(&events, &draft) }
        }
        try end()
        return events
    }

    private mutating func elements(_ events: inout [CloudEvent], _ draft: inout EventDraft) throws(Refusal) {
        while true {
            guard events.count < limits.batchEvents else { throw scanner.refusal(.tooManyEvents) }
            let start = scanner.offset
            try members(&draft)
            guard scanner.offset - start <= limits.eventBytes else { throw Refusal(.eventTooLarge, at: start) }
            events.append(try make(&draft, of: scanner.rawBytes(from: start)))
            draft.reset()
            scanner.skipWhitespace()
            let separator = scanner.current
            guard separator == UInt8(ascii: ",") || separator == UInt8(ascii: "]") else {
                throw scanner.refusal(.noArrayEnd)
            }
            scanner.offset += 1
            if separator == UInt8(ascii: "]") { return }
            scanner.skipWhitespace()
        }
    }

    /// Makes sure that nothing follows.
    @inline(__always)
    private mutating func end() throws(Refusal) {
        scanner.skipWhitespace()
        guard scanner.offset == scanner.bytes.count else { throw scanner.refusal(.textGoesOn) }
    }
}

// MARK: - Errors

extension JSONEventDecoder {
    /// A refusal of this decoder's in words.
    func error(_ refusal: Refusal) -> CloudEventError {
        guard refusal.subject == .name else { return refusal.error(limits) }
        // The name is looked up again: what is refused is refused once.
        var names = JSONScanner(scanner.bytes.buffer, offset: refusal.offset - 1)
        let name = (try? names.string()).map { names.withUTF8($0) { AttributeName.printable($0) } }
        return refusal.error(limits, name: name)
    }
}

// MARK: - Members

extension JSONEventDecoder {
    /// Reads an event's object.
    @inline(__always)
    private mutating func members(_ draft: inout EventDraft) throws(Refusal) {
        guard scanner.current == UInt8(ascii: "{") else {
            throw scanner.refusal(.notObject)
        }
        (seen, base64) = (0, nil)
        var count = 0
        scanner.offset &+= 1
        scanner.skipWhitespace()
        if scanner.current == UInt8(ascii: "}") {
            scanner.offset &+= 1
            return
        }
        while true {
            guard scanner.current == UInt8(ascii: "\"") else {
                throw scanner.refusal(.noMemberName)
            }
            let name = try scanner.string()
            try scanner.colon()
            count &+= 1
            guard count <= limits.attributes else { throw Refusal(.tooManyAttributes, at: name.range.lowerBound) }
            try member(name, &draft)
            scanner.skipWhitespace()
            if scanner.current == UInt8(ascii: "}") { break }
            guard scanner.current == UInt8(ascii: ",") else {
                throw scanner.refusal(.noObjectEnd)
            }
            scanner.offset &+= 1
            scanner.skipWhitespace()
        }
        scanner.offset &+= 1
    }

    @inline(__always)
    private mutating func member(_ name: JSONString, _ draft: inout EventDraft) throws(Refusal) {
        let kind = scanner.withUTF8(name) { JSONMember(utf8: $0) }
        switch kind {
        case .core(let attribute):
            try mark(1 << UInt16(attribute.rawValue), name)
            try readCore(attribute, &draft)
        case .data:
            try mark(Self.dataBit, name)
            let start = scanner.offset
            try scanner.skipValue(depth: depth, maximumDepth: limits.nestingDepth)
            data = Range(uncheckedBounds: (start, scanner.offset))
        case .dataBase64:
            try mark(Self.base64Bit, name)
            guard scanner.current == UInt8(ascii: "\"") else { throw Refusal(.invalidBase64, .dataBase64, at: scanner.offset) }
            base64 = try scanner.string()
        case .other:
            try readExtension(name, &draft)
        }
    }

    /// Notes that a member was there, which it may be once (C3).
    @inline(__always)
    private mutating func mark(_ bit: UInt16, _ name: JSONString) throws(Refusal) {
        guard seen & bit == 0 else { throw Refusal(.duplicateMember, .name, at: name.range.lowerBound) }
        seen |= bit
    }

    /// Reads the value of one of the specification's own attributes, all of which are strings in JSON (J2).
    @inline(__always)
    private mutating func readCore(_ attribute: CoreAttribute, _ draft: inout EventDraft) throws(Refusal) {
        let place = scanner.offset
        guard scanner.current == UInt8(ascii: "\"") else {
            if scanner.current == UInt8(ascii: "n") { return try scanner.literal("null") }
            throw Refusal(.notString, .core(attribute), at: place)
        }
        let string = try scanner.string()
        do throws(Refusal) {
            let text = EventText(scanner.rawBytes(string), string.marks)
            if string.hasEscapes {
                try scanner.withUTF8(string) { content throws(Refusal) in
                    try draft.set(attribute, to: text, content: content)
                }
            } else {
                try draft.set(attribute, to: text, content: text.bytes)
            }
        } catch {
            throw error.of(.core(attribute), at: place &+ 1)
        }
    }
}

// MARK: - Extensions

extension JSONEventDecoder {
    @inline(__always)
    private mutating func readExtension(_ nameText: JSONString, _ draft: inout EventDraft) throws(Refusal) {
        let place = nameText.range.lowerBound
        let raw = scanner.rawBytes(nameText)
        let name: EventText
        do throws(Refusal) {
            if nameText.hasEscapes {
                name = try unescapedName(nameText, &draft)
            } else {
                guard AttributeName.isValid(raw) else { throw Refusal(.invalidName) }
                name = EventText(raw, .plain)
            }
            let declared = extensionTypes.flatMap { $0[AttributeName(unchecked: name.string)] }
            try draft.add(name, try extensionValue(declared: declared))
        } catch {
            throw error.of(.name, at: place)
        }
    }

    /// A name with escapes, which is allowed and hardly ever seen: it is kept in the data's place until the end.
    @inline(never)
    private func unescapedName(_ name: JSONString, _ draft: inout EventDraft) throws(Refusal) -> EventText {
        let bytes = scanner.unescaped(name)
        draft.keepAlive(bytes)
        guard AttributeName.isValid(bytes.unsafeBytes) else { throw Refusal(.invalidName) }
        return EventText(bytes.unsafeBytes, .foreign)
    }

    /// Reads the value of an extension attribute (J2, J11); `null` is no value (J3).
    @inline(__always)
    private mutating func extensionValue(declared: AttributeType?) throws(Refusal) -> EventText {
        let start = scanner.offset
        switch scanner.current {
        case UInt8(ascii: "\""):
            let string = try scanner.string()
            if let declared, declared != .string { return try declaredValue(string, as: declared) }
            if !string.isPlain {
                guard scanner.withUTF8(string, { EventDraft.isString($0) }) else { throw Refusal(.invalidString) }
            }
            return EventText(scanner.rawBytes(string), string.marks)
        case UInt8(ascii: "n"):
            try scanner.literal("null")
            return EventText(scanner.rawBytes(from: start), .plain, type: .null)
        case UInt8(ascii: "t"), UInt8(ascii: "f"):
            if scanner.current == UInt8(ascii: "t") {
                try scanner.literal("true")
            } else {
                try scanner.literal("false")
            }
            try Self.require(.boolean, declared)
            return EventText(scanner.rawBytes(from: start), .plain, type: .boolean)
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            throw Refusal(.nestedAttribute)
        default:
            let number = try scanner.number()
            let raw = scanner.rawBytes(from: start)
            guard number.isInteger, AttributeValue.integer(raw) != nil else { throw Refusal(.invalidInteger) }
            try Self.require(.integer, declared)
            return EventText(raw, .plain, type: .integer)
        }
    }

    /// A string whose attribute is declared to be of another type.
    @inline(never)
    private func declaredValue(_ string: JSONString, as type: AttributeType) throws(Refusal) -> EventText {
        let text = scanner.withUTF8(string) { String(decoding: $0, as: UTF8.self) }
        guard (try? AttributeValue(canonical: text, as: type)) != nil else { throw Refusal(.init(notOf: type)) }
        return EventText(scanner.rawBytes(string), string.marks, type: EventText.ValueType(type))
    }

    private static func require(_ type: AttributeType, _ declared: AttributeType?) throws(Refusal) {
        guard declared == nil || declared == type else { throw Refusal(.wrongDeclaredType) }
    }
}

// MARK: - The event

extension JSONEventDecoder {
    /// Puts the event together when its object is over.
    ///
    /// - Parameter text: the event's own text, which is copied unless the buffer is shared.
    @inline(__always)
    private func make(_ draft: inout EventDraft, of text: UnsafeRawBufferPointer) throws(Refusal) -> CloudEvent
    {
        do throws(Refusal) { try draft.requireAttributes() } catch { throw error.of(error.subject, at: scanner.offset) }
        draft.texts.removeNulls()
        if draft.version == .v1 { try setData(&draft) } else { return try upgraded(&draft) }
        guard shared == nil else {
            return draft.makeEvent(copying: UnsafeRawBufferPointer(start: nil, count: 0), sharing: shared)
        }
        return draft.makeEvent(copying: text, sharing: nil)
    }

    @inline(__always)
    private func setData(_ draft: inout EventDraft) throws(Refusal) {
        if base64 != nil { return try setBase64(&draft) }
        guard seen & Self.dataBit != 0 else { return }
        if draft.facts.isJSONContentType { return keep(data, as: .json, &draft) }
        guard scanner.bytes[data.lowerBound] == UInt8(ascii: "\"") else {
            throw Refusal(.dataNotString, .data, at: data.lowerBound)
        }
        var reader = JSONScanner(scanner.bytes.buffer, offset: data.lowerBound)
        let string = try reader.string()
        if string.hasEscapes {
            draft.setData(EventData(unchecked: .text, reader.unescaped(string)))
        } else {
            keep(string.range, as: .text, &draft)
        }
    }

    /// Takes the data as it stands in the text.
    @inline(__always)
    private func keep(_ range: Range<Int>, as kind: EventData.Kind, _ draft: inout EventDraft) {
        draft.facts.dataKind = kind
        draft.facts.dataStart = scanner.bytes.base + range.lowerBound
        draft.facts.dataCount = range.count
        draft.facts.dataHolder = shared == nil ? .event : .texts
    }

    @inline(never)
    private func setBase64(_ draft: inout EventDraft) throws(Refusal) {
        guard let base64 else { return }
        guard seen & Self.dataBit == 0 else {
            throw Refusal(.dataBesideBase64, .data, at: data.lowerBound)
        }
        let bytes = scanner.withUTF8(base64) { Base64.decode($0) }
        guard let bytes else { throw Refusal(.invalidBase64, .dataBase64, at: base64.range.lowerBound) }
        draft.setData(.binary(bytes))
    }

    /// An event of version 0.3, as one of version 1.0.
    @inline(never)
    private func upgraded(_ draft: inout EventDraft) throws(Refusal) -> CloudEvent {
        throw Refusal(.unsupportedVersion, .core(.specVersion), at: scanner.offset)
    }
}

/// What a member of an event's object is.
private enum JSONMember {
    case core(CoreAttribute), data, dataBase64, other

    @inline(__always)
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

extension JSONString {
    /// What an event's text has to know of the string.
    @inline(__always) var marks: EventText.Marks { isPlain ? .plain : hasEscapes ? .escaped : [] }
}
