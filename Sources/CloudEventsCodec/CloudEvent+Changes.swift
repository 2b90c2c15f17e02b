// SPDX-License-Identifier: Apache-2.0

extension CloudEvent {
    /// Changes the id; it must not be empty (C2).
    ///
    /// - Throws: ``CloudEventError`` with ``CloudEventError/Code/invalidValue`` where it is empty or no String (T3); the event stays as it was then.
    public mutating func setID(_ id: String) throws(CloudEventError) { try change(.id, to: id) }

    /// Changes the source; it must not be empty (C5).
    ///
    /// - Throws: ``CloudEventError`` with ``CloudEventError/Code/invalidValue`` where it is empty; the event stays as it was then.
    public mutating func setSource(_ source: URIReference) throws(CloudEventError) {
        try change(.source, to: source.string)
    }

    /// Changes the type; it must not be empty (C2).
    ///
    /// - Throws: ``CloudEventError`` with ``CloudEventError/Code/invalidValue`` where it is empty or no String (T3); the event stays as it was then.
    public mutating func setType(_ type: String) throws(CloudEventError) { try change(.type, to: type) }

    /// Changes or removes the subject; it must not be empty (C7).
    ///
    /// - Throws: ``CloudEventError`` with ``CloudEventError/Code/invalidValue`` where it is empty or no String (T3); the event stays as it was then.
    public mutating func setSubject(_ subject: String?) throws(CloudEventError) { try change(.subject, to: subject) }

    /// Changes or removes the content type; it must be a media type (C7).
    ///
    /// - Throws: ``CloudEventError`` with ``CloudEventError/Code/invalidValue`` where it is none; the event stays as it was then.
    public mutating func setDataContentType(_ contentType: String?) throws(CloudEventError) {
        try change(.dataContentType, to: contentType)
    }

    /// Changes all extension attributes.
    ///
    /// - Throws: ``CloudEventError`` where one has a name of the specification (C13) or is no String (T3).
    public mutating func setExtensions(_ extensions: ExtensionAttributes) throws(CloudEventError) {
        let core = CoreAttribute.held.map { ($0, string($0)) }
        self = try Self.make(core, extensions, data)
    }

    /// Changes, adds or removes one extension attribute.
    ///
    /// - Throws: ``CloudEventError`` where it has a name of the specification (C13) or is no String (T3).
    public mutating func setExtension(_ name: AttributeName, to value: AttributeValue?) throws(CloudEventError) {
        var changed = extensions
        changed[name] = value
        try setExtensions(changed)
    }

    /// The same event in a buffer of its own, its data in one of exactly its size, so that a decoder's whole input is not
    /// kept alive by it.
    public func detached() -> CloudEvent {
        var copy = self
        copy.rebuild { draft in draft.setData(data.detached()) }
        return copy
    }
}

extension CloudEvent {
    /// Replaces or removes an attribute after checking it.
    private mutating func change(_ attribute: CoreAttribute, to string: String?) throws(CloudEventError) {
        guard var string else { return replace(attribute, by: nil) }
        let changed = string.withUTF8 { buffer in
            Result<CloudEvent, CloudEventError> { () throws(CloudEventError) in
                try rebuilt { draft throws(CloudEventError) in
                    let bytes = UnsafeRawBufferPointer(buffer)
                    try draft.setChecked(attribute, EventText(bytes, bytes.isPlainText ? .plain : []).asForeign)
                }
            }
        }
        self = try changed.get()
    }

    /// Replaces or removes an attribute by a text that is known to be valid.
    mutating func replace(_ attribute: CoreAttribute, by string: String?) {
        guard let string else {
            return rebuild { draft in
                draft.texts[attribute] = .absent
                if attribute == .dataContentType { draft.facts.contentClass = .unknown }
            }
        }
        do throws(CloudEventError) {
            try change(attribute, to: string)
        } catch {
            preconditionFailure("a value that is valid by its type was refused: \(error)")
        }
    }

    mutating func replaceData(_ data: EventData) {
        guard isKnownUniquelyReferenced(&storage), facts.dataHolder != .event else {
            return rebuild { draft in draft.setData(data) }
        }
        let base = storage.base.assumingMemoryBound(to: EventFacts.self)
        base.pointee.dataForm = data.form
        base.pointee.dataStart = data.bytes.start
        base.pointee.dataCount = data.bytes.count
        base.pointee.dataHolder = .data
        storage.withUnsafeMutablePointerToHeader { $0.pointee.dataOwner = data.bytes.storage }
    }

    private mutating func rebuild(_ body: (inout EventDraft) -> Void) {
        do throws(CloudEventError) {
            self = try rebuilt { draft throws(CloudEventError) in body(&draft) }
        } catch {
            preconditionFailure("a valid event was refused: \(error)")
        }
    }

    /// The event with changes, in a new buffer that holds all texts.
    private func rebuilt(
        _ body: (inout EventDraft) throws(CloudEventError) -> Void
    ) throws(CloudEventError) -> CloudEvent {
        defer { withExtendedLifetime(storage) {} }
        return try EventDraft.with { draft throws(CloudEventError) in
            draft.begin(with: self)
            try body(&draft)
            draft.countForeign()
            return draft.makeEvent(copying: UnsafeRawBufferPointer(start: nil, count: 0), sharing: nil)
        }
    }
}

extension EventDraft {
    /// Begins with all that an event has; its texts are to be copied.
    fileprivate mutating func begin(with event: CloudEvent) {
        facts = event.facts
        setData(event.data)
        version = .v1
        for index in 0..<EventTexts.coreCount { texts.base[index] = event.texts[index].asForeign }
        for index in 0..<event.facts.extensionCount {
            let place = EventTexts.coreCount + 2 * index
            _ = texts.append(name: event.texts[place].asForeign, value: event.texts[place + 1].asForeign)
        }
    }
}
