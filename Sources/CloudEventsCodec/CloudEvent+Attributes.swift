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
    public var attributeNames: [AttributeName] {
        var names: [AttributeName] = [.specVersion, .id, .source, .type]
        if subject != nil { names.append(.subject) }
        if time != nil { names.append(.time) }
        if dataContentType != nil { names.append(.dataContentType) }
        if dataSchema != nil { names.append(.dataSchema) }
        return names + extensions.map(\.name)
    }

    /// Whether the data is JSON by its content type, which is JSON where there is none (J5, J6).
    public var hasJSONContentType: Bool { dataContentType.map { MediaType.isJSON($0) } ?? true }
}

extension CloudEvent {
    /// Refuses text that is empty or not a String.
    static func checkText(_ text: String, _ name: AttributeName, rule: String) throws(CloudEventError) {
        guard !text.isEmpty else { throw empty(name, rule: rule) }
        do throws(CloudEventError) { try AttributeValue.checkString(text) } catch { throw error.naming(name.string) }
    }

    static func checkSource(_ source: URIReference) throws(CloudEventError) {
        guard !source.isEmpty else { throw empty(.source, rule: "C5") }
    }

    static func checkContentType(_ text: String) throws(CloudEventError) {
        try checkText(text, .dataContentType, rule: "C7")
        guard MediaType.isValid(text) else { throw MediaType.invalid.naming(AttributeName.dataContentType.string) }
    }

    static func empty(_ name: AttributeName, rule: String) -> CloudEventError {
        CloudEventError(
            .invalidValue,
            "the attribute is empty; give it a value" + (rule == "C7" ? " or leave it out" : ""),
            attribute: name.string,
            rule: rule
        )
    }
}
