// SPDX-License-Identifier: Apache-2.0

extension CloudEvent {
    /// What is known of the event beside its texts.
    @inline(__always) var facts: EventFacts {
        defer { withExtendedLifetime(storage) {} }
        return storage.base.load(as: EventFacts.self)
    }

    /// The event's texts in the order of ``EventTexts``; only valid while the event is kept alive.
    @inline(__always) var texts: UnsafePointer<EventText> {
        UnsafePointer((storage.base + MemoryLayout<EventFacts>.stride).assumingMemoryBound(to: EventText.self))
    }

    /// Gives a text of the event to a closure, if it is there.
    @inline(__always)
    func withText<Result>(_ attribute: CoreAttribute, _ body: (EventText) -> Result) -> Result? {
        defer { withExtendedLifetime(storage) {} }
        let text = texts[Int(attribute.rawValue)]
        return text.isPresent ? body(text) : nil
    }

    func string(_ attribute: CoreAttribute) -> String? { withText(attribute) { $0.string } }

    /// The buffer that the data is in; `nil` where there are no bytes, which must not keep a buffer alive.
    var dataStorage: SharedByteStorage? {
        let facts = facts
        guard facts.dataStart != nil else { return nil }
        return switch facts.dataHolder {
        case .event: storage
        case .texts: storage.withUnsafeMutablePointerToHeader { $0.pointee.textOwner }
        case .data: storage.withUnsafeMutablePointerToHeader { $0.pointee.dataOwner }
        }
    }

    /// The buffer that texts are in which the event has not copied.
    private var textStorage: SharedByteStorage {
        storage.withUnsafeMutablePointerToHeader { $0.pointee.textOwner } ?? storage
    }

    /// The bytes of a text, which share the buffer that they lie in.
    func shared(_ text: EventText) -> SharedBytes {
        // Escapes are resolved in the event's own buffer, even where the other texts are in another one.
        let isOwn = text.start.map { storage.base <= $0 && $0 < storage.base + storage.byteCapacity } ?? true
        return SharedBytes(storage: isOwn ? storage : textStorage, start: text.start, count: text.count)
    }
}

// MARK: - Making

extension CloudEvent {
    /// Makes an event of texts that are to be checked.
    static func make(
        _ core: [(CoreAttribute, String?)],
        _ extensions: ExtensionAttributes,
        _ data: EventData
    ) throws(CloudEventError) -> CloudEvent {
        let values = extensions.map { ($0.name, $0.value, $0.value.canonicalString) }
        let size =
            core.reduce(0) { $0 + ($1.1?.utf8.count ?? 0) }
            + values.reduce(0) { $0 + $1.0.string.utf8.count + $1.2.utf8.count }
        return try EventDraft.with { draft throws(CloudEventError) in
            try TextArena.with(capacity: size) { arena throws(CloudEventError) in
                draft.version = .v1
                for (attribute, string) in core {
                    guard let string else { continue }
                    try draft.setChecked(attribute, arena.append(string))
                }
                for (name, value, string) in values {
                    try ExtensionAttributes.validate(name, value)
                    let nameText = arena.append(name.string)
                    try draft.addChecked(nameText, arena.append(string, type: EventText.ValueType(value.type)))
                }
                try draft.requireAll()
                draft.setData(data)
                return draft.makeEvent(copying: arena.region, sharing: nil)
            }
        }
    }
}

extension EventDraft {
    /// Takes an attribute of the specification; errors name it.
    mutating func setChecked(_ attribute: CoreAttribute, _ text: EventText) throws(CloudEventError) {
        do throws(Refusal) {
            try set(attribute, to: text, content: text.bytes)
        } catch {
            throw Refusal(error.reason, .core(attribute)).error()
        }
    }

    /// Takes an extension attribute whose name and value are checked; errors name it.
    mutating func addChecked(_ name: EventText, _ value: EventText) throws(CloudEventError) {
        do throws(Refusal) {
            try add(name, value)
        } catch {
            throw Refusal(error.reason, .name).error(name: name.string)
        }
    }

    /// Makes sure that all required attributes are there (C1); the error names the one that is not.
    func requireAll() throws(CloudEventError) {
        do throws(Refusal) { try requireAttributes() } catch { throw error.error() }
    }
}
