// SPDX-License-Identifier: Apache-2.0

extension CloudEvent {
    /// One attribute of an event: its name and its value.
    public typealias Attribute = ExtensionAttributes.Element

    /// All attributes that are set: the specification's own, then the extensions in their order.
    public var attributes: [Attribute] {
        coreAttributeNames.compactMap { name in self[name].map { Attribute(name: name, value: $0) } } + extensions
    }

    /// Makes an event from a list of its attributes, the specification's own among them, in any order.
    ///
    /// An attribute of the specification may be given in its own type or as its canonical text (C14): `time` as a
    /// ``Timestamp`` or as a String that is one. Extensions keep the type they are given in.
    ///
    /// Attributes of version 0.3 are turned into those of 1.0 (SDK7): `schemaurl` into `dataschema` (it stays an
    /// extension where it is no absolute URI), and data whose `datacontentencoding` is base64 into the bytes.
    ///
    /// - Throws: ``CloudEventError`` that names the attribute: one is missing (C1), there twice (C3), empty (C2, C7),
    ///   not of its type; or the version is not one that can be read (C4).
    public init(attributes: some Sequence<Attribute>, data: EventData = .absent) throws(CloudEventError) {
        var (list, data) = (Array(attributes), data)
        if list.contains(where: { $0.name == .specVersion && $0.value == .string(SpecVersion03.version) }) {
            (list, data) = try SpecVersion03.upgrade(list, data)
        }
        let texts = list.map { $0.value.canonicalString }
        let size = zip(list, texts).reduce(0) { $0 + $1.0.name.string.utf8.count + $1.1.utf8.count }
        self = try EventDraft.with { draft throws(CloudEventError) in
            try TextArena.with(capacity: size) { arena throws(CloudEventError) in
                for (attribute, text) in zip(list, texts) { try draft.take(attribute, text, &arena) }
                try draft.requireAll()
                draft.setData(data)
                return draft.makeEvent(copying: arena.region, sharing: nil)
            }
        }
    }
}

extension EventDraft {
    /// Takes any attribute; errors name it.
    ///
    /// - Parameters:
    ///   - attribute: its name and value.
    ///   - text: the value's canonical text.
    ///   - arena: has room for name and text.
    fileprivate mutating func take(
        _ attribute: CloudEvent.Attribute,
        _ text: String,
        _ arena: inout TextArena
    ) throws(CloudEventError) {
        let name = attribute.name
        guard let own = name.core else {
            try ExtensionAttributes.validate(name, attribute.value)
            let value = arena.append(text, type: EventText.ValueType(attribute.value.type))
            return try addChecked(arena.append(name.string), value)
        }
        guard own.isOfType(attribute.value) else {
            throw CloudEventError(
                .invalidValue,
                "the value is not of the attribute's type",
                attribute: name.string,
                rule: "C14"
            )
        }
        guard !has(own) else { throw Refusal(.duplicateMember, .core(own)).error() }
        try setChecked(own, arena.append(text))
    }
}

extension CoreAttribute {
    /// Whether a value is of the attribute's type, or may be its canonical text.
    fileprivate func isOfType(_ value: AttributeValue) -> Bool {
        switch value {
        case .string: true
        case .uri: self == .dataSchema || self == .source
        case .uriReference: self == .source
        case .timestamp: self == .time
        case .boolean, .integer, .binary: false
        }
    }
}
