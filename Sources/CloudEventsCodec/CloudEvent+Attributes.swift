// SPDX-License-Identifier: Apache-2.0

extension CloudEvent {
    /// The value of any attribute, of the specification's own as well as of extensions; `nil` where it is not set.
    public subscript(name: AttributeName) -> AttributeValue? {
        switch CoreAttribute(name) {
        case .id: .string(id)
        case .source: .uriReference(source)
        case .specVersion: .string(specVersion.description)
        case .type: .string(type)
        case .dataContentType: dataContentType.map { .string($0) }
        case .dataSchema: dataSchema.map { .uri($0) }
        case .subject: subject.map { .string($0) }
        case .time: time.map { .timestamp($0) }
        case nil: extensions[name]
        }
    }

    /// The names of all attributes that are set: the specification's own, then the extensions' in their order.
    public var attributeNames: [AttributeName] { coreAttributeNames + extensions.map(\.name) }

    /// The names of the specification's own attributes that are set.
    var coreAttributeNames: [AttributeName] {
        var names: [AttributeName] = [.specVersion, .id, .source, .type]
        for attribute in [CoreAttribute.subject, .time, .dataContentType, .dataSchema] {
            withText(attribute) { _ in names.append(attribute.name) }
        }
        return names
    }

    /// The canonical text of an attribute (C14) as UTF-8; `nil` where it is not set.
    ///
    /// The bytes share the event's buffer: nothing is copied, and no `String` is made. They keep the whole event in memory;
    /// what is kept for long is copied out with ``SharedBytes/detached()``.
    public func canonicalBytes(of name: AttributeName) -> SharedBytes? {
        guard let attribute = CoreAttribute(name) else { return extensionText(name).map { shared($0) } }
        if attribute == .specVersion { return SharedBytes(utf8: specVersion.description) }
        return withText(attribute) { shared($0) }
    }

    /// The canonical text of an attribute (C14); `nil` where it is not set.
    public func canonicalString(of name: AttributeName) -> String? {
        guard let attribute = CoreAttribute(name) else { return extensionText(name)?.string }
        return attribute == .specVersion ? specVersion.description : string(attribute)
    }

    /// Whether the data is JSON by its content type, which is JSON where there is none (J5, J6), unless the data is bytes
    /// (J4).
    public var hasJSONContentType: Bool {
        facts.isJSONContentType && (facts.contentClass != .unknown || data.kind != .binary)
    }
}
