// SPDX-License-Identifier: Apache-2.0

/// An event in the making: texts that lie elsewhere, checked as they come, until ``makeEvent(copying:sharing:)`` allocates
/// the event, once and in its final size.
///
/// Until then it has nothing on the heap, so that refusing an event costs no allocation.
struct EventDraft: ~Copyable {
    var facts = EventFacts()
    var texts: EventTexts
    /// The data's own buffer, if it has one.
    var dataOwner: SharedByteStorage?
    /// The version that the attributes say, if they say one.
    var version: SpecVersion?
    /// What texts lie in that are in no other memory that stays until the event is made.
    private var kept: [SharedBytes]?
    /// How many bytes the texts take that the event has to copy.
    private(set) var foreignCount = 0

    @inline(__always)
    private init(in memory: UnsafeMutableBufferPointer<EventText>) {
        texts = EventTexts(in: memory)
    }

    /// Makes a draft for the duration of a closure.
    @inline(__always)
    static func with<Result, Failure: Error>(
        _ body: (inout EventDraft) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // The memory's function does not say which errors it passes on.
        let result: Swift.Result<Result, Failure> =
            withUnsafeTemporaryAllocation(of: EventText.self, capacity: EventTexts.inlineCount) { memory in
                var draft = EventDraft(in: memory)
                do throws(Failure) { return .success(try body(&draft)) } catch { return .failure(error) }
            }
        return try result.get()
    }

    /// Begins the next event.
    mutating func reset() {
        facts = EventFacts()
        texts.removeAll()
        dataOwner = nil
        version = nil
        foreignCount = 0
        kept = nil
    }

    /// Keeps memory that a text lies in until the event is made.
    mutating func keepAlive(_ bytes: SharedBytes) {
        if kept == nil { kept = [] }
        kept?.append(bytes)
    }
}

// MARK: - Attributes

extension EventDraft {
    /// Takes an attribute of the specification.
    ///
    /// - Parameters:
    ///   - attribute: which one.
    ///   - text: its canonical text, valid UTF-8.
    ///   - content: the bytes of the text where they are not the text's own, because of escapes.
    @inline(__always)
    mutating func set(
        _ attribute: CoreAttribute,
        to text: EventText,
        content: UnsafeRawBufferPointer
    ) throws(Refusal) {
        guard content.count > 0 else { throw Refusal(.empty) }
        switch attribute {
        case .id, .type, .subject:
            guard text.isPlain || Self.isString(content) else { throw Refusal(.invalidString) }
        case .source:
            guard URISyntax.isReference(content) else { throw Refusal(.invalidReference) }
        case .dataSchema:
            guard URISyntax.isAbsolute(content) else { throw Refusal(.invalidURI) }
        case .dataContentType:
            try setContentType(content)
        case .time:
            guard let timestamp = Timestamp(utf8: content) else { throw Refusal(.invalidTimestamp) }
            facts.time = EventFacts.TimeFacts(timestamp)
        case .specVersion:
            return try setVersion(content)
        }
        keep(text)
        texts[attribute] = text
    }

    @inline(__always)
    private mutating func setContentType(_ content: UnsafeRawBufferPointer) throws(Refusal) {
        // The usual type is known without looking closer; JSON is what is assumed.
        if equal(content, "application/json") { return facts.contentClass = .json }
        guard let syntax = MediaTypeSyntax(content), let charset = syntax.charset(content) else {
            throw Refusal(.invalidMediaType)
        }
        guard Self.isString(content) else { throw Refusal(.invalidString) }
        facts.contentClass = EventFacts.ContentClass(content, syntax, charset)
    }

    @inline(__always)
    private mutating func setVersion(_ content: UnsafeRawBufferPointer) throws(Refusal) {
        if equal(content, "1.0") { return version = .v1 }
        guard equal(content, "0.3") else { throw Refusal(.unsupportedVersion) }
        version = .v03
    }

    /// Takes an extension attribute whose name and value are checked.
    @inline(__always)
    mutating func add(_ name: EventText, _ value: EventText) throws(Refusal) {
        guard texts.append(name: name, value: value) else { throw Refusal(.duplicateMember) }
        keep(name)
        keep(value)
    }

    /// Counts the bytes that have to be copied. What escapes stand for is never longer than they are.
    @inline(__always)
    mutating func keep(_ text: EventText) {
        if text.isCopied { foreignCount &+= text.count }
    }

    /// Counts anew, after texts were replaced.
    mutating func countForeign() {
        foreignCount = 0
        for index in 0..<texts.count { keep(texts.base[index]) }
    }

    /// Whether the type String allows a text (T3).
    static func isString(_ content: UnsafeRawBufferPointer) -> Bool { firstDisallowedCharacter(content) == nil }

    /// Whether an attribute of the specification is there.
    @inline(__always)
    func has(_ attribute: CoreAttribute) -> Bool {
        attribute == .specVersion ? version != nil : texts[attribute].isPresent
    }

    /// Makes sure that all required attributes are there (C1).
    @inline(__always)
    func requireAttributes() throws(Refusal) {
        guard version != nil else { throw Refusal(.missing, .core(.specVersion)) }
        guard texts[.id].isPresent else { throw Refusal(.missing, .core(.id)) }
        guard texts[.source].isPresent else { throw Refusal(.missing, .core(.source)) }
        guard texts[.type].isPresent else { throw Refusal(.missing, .core(.type)) }
    }

    /// Sets the data to a buffer of its own, or to a piece of one.
    mutating func setData(_ data: EventData) {
        facts.dataForm = data.form
        facts.dataStart = data.bytes.start
        facts.dataCount = data.bytes.count
        facts.dataHolder = .data
        dataOwner = data.bytes.storage
    }
}
