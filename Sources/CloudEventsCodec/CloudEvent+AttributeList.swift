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
        var attributes = Array(attributes)
        var data = data
        if attributes.contains(where: { $0.name == .specVersion && $0.value == .string(SpecVersion03.version) }) {
            (attributes, data) = try SpecVersion03.upgrade(attributes, data)
        }
        var seen: Set<AttributeName> = []
        var core: [CoreAttribute: AttributeValue] = [:]
        var extensions: [Attribute] = []
        for attribute in attributes {
            guard seen.insert(attribute.name).inserted else {
                throw CloudEventError(
                    .duplicate,
                    "the attribute is there twice",
                    attribute: attribute.name.string,
                    rule: "C3"
                )
            }
            if let own = CoreAttribute(attribute.name) {
                core[own] = attribute.value
            } else {
                extensions.append(attribute)
            }
        }
        func text(_ attribute: CoreAttribute) throws(CloudEventError) -> String? {
            switch core[attribute] {
            case nil: nil
            case .string(let text): text
            case .uri(let uri) where attribute == .dataSchema || attribute == .source: uri.string
            case .uriReference(let reference) where attribute == .source: reference.string
            case .timestamp(let time) where attribute == .time: time.description
            default: throw Self.wrongType(attribute.name)
            }
        }
        func require(_ attribute: CoreAttribute) throws(CloudEventError) -> String {
            if let value = try text(attribute) { return value }
            throw CloudEventError(
                .missingAttribute,
                "the required attribute is missing",
                attribute: attribute.name.string,
                rule: "C1"
            )
        }
        guard try require(.specVersion) == "1.0" else {
            throw CloudEventError(
                .unsupportedVersion,
                "only events of the versions 1.0 and 0.3 can be read",
                attribute: "specversion",
                rule: "C4"
            )
        }
        var texts: [(CoreAttribute, String?)] = []
        for attribute in CoreAttribute.held { texts.append((attribute, try text(attribute))) }
        _ = (try require(.id), try require(.source), try require(.type))
        self = try Self.make(texts, ExtensionAttributes(unchecked: extensions), data)
    }

    private static func wrongType(_ name: AttributeName) -> CloudEventError {
        CloudEventError(.invalidValue, "the value is not of the attribute's type", attribute: name.string, rule: "C14")
    }
}
