// SPDX-License-Identifier: Apache-2.0

/// Gathers the attributes of a message in binary mode, and makes an event of them.
struct ReceivedAttributes {
    private let naming: AttributeNaming
    private let limits: CodecLimits
    private let types: [AttributeName: AttributeType]
    private var attributes: [CloudEvent.Attribute] = []
    private var names: Set<AttributeName> = []
    private var size = 0

    init(_ naming: AttributeNaming, of binding: some MessageBinding) {
        self.naming = naming
        limits = binding.limits
        types = binding.extensionTypes
    }

    /// Notes that an attribute is there, which it may be once (C3), and counts it and its bytes.
    mutating func note(_ name: AttributeName, bytes count: Int) throws(CloudEventError) {
        guard names.insert(name).inserted else {
            throw naming.placing(
                CloudEventError(
                    .duplicate,
                    "the attribute is there twice; send it once",
                    attribute: name.string,
                    rule: "C3"
                )
            )
        }
        guard names.count <= limits.attributes else {
            throw CloudEventError(
                .limitExceeded,
                "the event has more attributes than the limit of \(limits.attributes)"
            )
        }
        try addSize(name.string.utf8.count + count)
    }

    /// Takes an attribute as canonical text (C14). An extension has its declared type, or is a String.
    mutating func add(_ name: AttributeName, text: String) throws(CloudEventError) {
        try note(name, bytes: text.utf8.count)
        attributes.append(CloudEvent.Attribute(name: name, value: try value(.string(text), of: name)))
    }

    /// Takes an attribute from a header in the form of HTTP (H8).
    mutating func add(_ name: AttributeName, encoded value: String) throws(CloudEventError) {
        let text: String
        do throws(CloudEventError) { text = try HTTPHeaderValue.decode(HeaderText.trimmed(value)) } catch {
            throw naming.placing(error.naming(name.string))
        }
        try add(name, text: text)
    }

    /// Takes an attribute in a type of its own, or as canonical text.
    mutating func add(_ name: AttributeName, _ value: AttributeValue, bytes: Int) throws(CloudEventError) {
        try note(name, bytes: bytes)
        attributes.append(CloudEvent.Attribute(name: name, value: try self.value(value, of: name)))
    }

    /// Takes the message's content type, which is the attribute `datacontenttype`.
    ///
    /// A copy of it among the attributes is accepted where it says the same (Q3, as the specification's own example
    /// for MQTT has it); anything else would leave open which of the two counts.
    mutating func setContentType(_ contentType: String?) throws(CloudEventError) {
        if let index = attributes.firstIndex(where: { $0.name == .dataContentType }) {
            guard attributes[index].value == contentType.map({ .string($0) }) else {
                throw naming.placing(
                    CloudEventError(
                        .duplicate,
                        "the \(naming.noun) \(naming.prefix)datacontenttype differs from the message's content type; "
                            + "leave it out",
                        attribute: AttributeName.dataContentType.string,
                        rule: "C3"
                    )
                )
            }
        } else if let contentType {
            try add(.dataContentType, text: contentType)
        }
    }

    /// The event with its payload.
    mutating func event(payload: SharedBytes?) throws(CloudEventError) -> CloudEvent {
        if let payload { try addSize(payload.count) }
        let contentType = attributes.first { $0.name == .dataContentType }?.value.canonicalString
        let data = payload.map { EventData(received: $0, contentType: contentType) } ?? .absent
        do throws(CloudEventError) {
            return try CloudEvent(attributes: attributes, data: data)
        } catch {
            throw naming.placing(error)
        }
    }

    private func value(_ value: AttributeValue, of name: AttributeName) throws(CloudEventError) -> AttributeValue {
        guard !types.isEmpty, let type = types[name], !name.isCore else { return value }
        do throws(CloudEventError) { return try value.declared(as: type) } catch {
            throw naming.placing(error.naming(name.string))
        }
    }

    private mutating func addSize(_ more: Int) throws(CloudEventError) {
        // Neither a count nor the limit can make the sum overflow: memory is smaller.
        size += more
        guard size <= limits.eventBytes else { throw limits.eventTooLarge(offset: nil) }
    }
}

extension AttributeValue {
    /// The value as one of a declared type: it is of that type, or the canonical text of one (C14).
    func declared(as type: AttributeType) throws(CloudEventError) -> AttributeValue {
        if type == self.type { return self }
        guard case .string(let text) = self else {
            throw CloudEventError(.invalidValue, "the value is not of the type declared for the attribute", rule: "C14")
        }
        return try AttributeValue(canonical: text, as: type)
    }
}
