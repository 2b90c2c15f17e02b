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

    /// The value of `data` or `data_base64`, where there is one.
    private var data = Range(uncheckedBounds: (0, 0))
    private var base64: JSONString?
    /// What was wrong with an event of version 0.3.
    private var upgradeError: CloudEventError?
    /// The members that were there, null or not, one bit each.
    private var seen: UInt16 = 0

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
        if let upgradeError { return upgradeError }
        guard refusal.subject == .name else { return refusal.error(limits) }
        // The name is looked up again: what is refused is refused once.
        var names = JSONScanner(scanner.bytes.buffer, offset: refusal.offset - 1)
        let name = (try? names.string()).map { names.withUTF8($0) { AttributeName.printable($0) } }
        return refusal.error(limits, name: name)
    }
}

// MARK: - Members

extension JSONEventDecoder {
    /// Reads an event's object. The scanner is a local one meanwhile, so that its place is in a register.
    @inline(never)
    private mutating func members(_ draft: inout EventDraft) throws(Refusal) {
        var scanner = scanner
        guard scanner.current == UInt8(ascii: "{") else { throw scanner.refusal(.notObject) }
        base64 = nil
        var seen: UInt16 = 0
        let limit = max(limits.attributes, 0)
        var left = limit
        let firstUnusual = JSONMember.firstUnusual(typesAreKnown: extensionTypes != nil)
        scanner.offset &+= 1
        var byte = scanner.skipWhitespace()
        if byte != UInt8(ascii: "}") {
            guard byte == UInt8(ascii: "\"") else { throw scanner.refusal(.noMemberName) }
            while true {
                let (name, first) = try scanner.memberName()
                left &-= 1
                if left < 0 { try Self.checkLimit(limits.attributes, name, limit &- left, seen) }
                if !name.member.isExtension { try name.mark(in: &seen) }
                if first == UInt8(ascii: "\""), name.member.rawValue < firstUnusual, let end = scanner.endOfUsualString
                {
                    let text = scanner.bytes[Range(uncheckedBounds: (scanner.offset &+ 1, end))]
                    try draft.take(text, as: name, in: scanner)
                    scanner.offset = end &+ 1
                } else {
                    scanner.offset = try readOther(name, scanner, &draft)
                }
                if scanner.isAtNextName {
                    scanner.offset &+= 1
                    continue
                }
                byte = scanner.skipWhitespace()
                if byte == UInt8(ascii: "}") { break }
                guard byte == UInt8(ascii: ",") else { throw scanner.refusal(.noObjectEnd) }
                scanner.offset &+= 1
                byte = scanner.skipWhitespace()
                guard byte == UInt8(ascii: "\"") else { throw scanner.refusal(.noMemberName) }
            }
        }
        scanner.offset &+= 1
        (self.scanner, self.seen) = (scanner, seen)
    }

    /// Makes sure that the members up to this one are no more than the limit allows: data is no attribute.
    @inline(never)
    private static func checkLimit(
        _ limit: Int,
        _ name: JSONMemberName,
        _ count: Int,
        _ seen: UInt16
    ) throws(Refusal) {
        let dataBits = JSONMember.data.bit | JSONMember.dataBase64.bit
        let bits = name.member.isExtension ? seen : seen | name.member.bit
        guard count - (bits & dataBits).nonzeroBitCount <= limit else {
            throw Refusal(.tooManyAttributes, at: name.text.range.lowerBound)
        }
    }

    /// Reads any value of a member and gives the place behind it.
    @inline(never)
    private mutating func readOther(
        _ name: JSONMemberName,
        _ scanner: JSONScanner,
        _ draft: inout EventDraft
    ) throws(Refusal) -> Int {
        if let attribute = name.member.attribute { return try scanner.readAttribute(attribute, into: &draft) }
        if name.member.isExtension { return try scanner.readExtension(name, types: extensionTypes, into: &draft) }
        guard name.member == .data else { return try readBase64(scanner) }
        var end = scanner
        try end.skipValue(depth: CodecLimits.levelsAroundData, maximumDepth: limits.nestingDepth)
        data = Range(uncheckedBounds: (scanner.offset, end.offset))
        return end.offset
    }

    @inline(never)
    private mutating func readBase64(_ scanner: JSONScanner) throws(Refusal) -> Int {
        var scanner = scanner
        let place = scanner.offset
        guard scanner.current == UInt8(ascii: "\"") else {
            // A null says that there are none, as it does of an attribute (J3); in place of `data` it is a payload (J9).
            guard scanner.current == UInt8(ascii: "n") else { throw Refusal(.invalidBase64, .dataBase64, at: place) }
            try scanner.literal("null")
            return scanner.offset
        }
        base64 = try scanner.string()
        return scanner.offset
    }
}

// MARK: - The event

extension JSONEventDecoder {
    /// Puts the event together when its object is over.
    ///
    /// - Parameter text: the event's own text, which is copied unless the buffer is shared.
    @inline(__always)
    private mutating func make(_ draft: inout EventDraft, of text: UnsafeRawBufferPointer) throws(Refusal) -> CloudEvent
    {
        do throws(Refusal) { try draft.requireAttributes() } catch { throw error.of(error.subject, at: scanner.offset) }
        draft.texts.removeNulls()
        try setData(&draft)
        let copied = shared == nil ? text : UnsafeRawBufferPointer(start: nil, count: 0)
        let event = draft.makeEvent(copying: copied, sharing: shared)
        return draft.version == .v1 ? event : try upgraded(event)
    }

    @inline(__always)
    private mutating func setData(_ draft: inout EventDraft) throws(Refusal) {
        if base64 != nil { return try setBase64(&draft) }
        guard seen & JSONMember.data.bit != 0 else { return }
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
    private mutating func keep(_ range: Range<Int>, as form: EventData.Form, _ draft: inout EventDraft) {
        draft.facts.dataForm = form
        draft.facts.dataStart = scanner.bytes.base + range.lowerBound
        draft.facts.dataCount = range.count
        draft.facts.dataHolder = shared == nil ? .event : .texts
    }

    @inline(never)
    private mutating func setBase64(_ draft: inout EventDraft) throws(Refusal) {
        guard let base64 else { return }
        guard seen & JSONMember.data.bit == 0 else {
            throw Refusal(.dataBesideBase64, .data, at: data.lowerBound)
        }
        let bytes = scanner.withUTF8(base64) { Base64.decode($0) }
        guard let bytes else { throw Refusal(.invalidBase64, .dataBase64, at: base64.range.lowerBound) }
        draft.setData(.binary(bytes))
    }

    /// An event of version 0.3, as one of version 1.0 (SDK7).
    @inline(never)
    private mutating func upgraded(_ event: CloudEvent) throws(Refusal) -> CloudEvent {
        // But for its version it has the form of an event of version 1.0.
        let version = CloudEvent.Attribute(name: .specVersion, value: .string(SpecVersion03.version))
        let others = event.attributes.filter { $0.name != .specVersion }
        do throws(CloudEventError) {
            return try CloudEvent(attributes: [version] + others, data: event.data)
        } catch {
            upgradeError = error.naming(error.attribute ?? AttributeName.specVersion.string, offset: scanner.offset)
            throw Refusal(.unsupportedVersion)
        }
    }
}
