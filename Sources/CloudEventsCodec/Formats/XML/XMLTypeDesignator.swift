// SPDX-License-Identifier: Apache-2.0

/// What `xsi:type` says of an element's content (X3, X5).
enum XMLTypeDesignator: Equatable {
    case attribute(AttributeType)
    case text, base64, any
    /// A type that the format does not know.
    case other

    init(_ namespace: XMLNamespace?, local: UnsafeRawBufferPointer) {
        switch namespace {
        case .cloudEvents?: self = Self.attributeType(local).map { .attribute($0) } ?? .other
        case .schema?: self = Self.schemaType(local)
        default: self = .other
        }
    }

    private static func attributeType(_ local: UnsafeRawBufferPointer) -> AttributeType? {
        AttributeType.allCases.first { equal(local, $0.xmlName) }
    }

    private static func schemaType(_ local: UnsafeRawBufferPointer) -> XMLTypeDesignator {
        if equal(local, "string") { return .text }
        if equal(local, "base64Binary") { return .base64 }
        return equal(local, "any") ? .any : .other
    }
}

extension AttributeType {
    /// The type's name in the format's namespace (X3).
    var xmlName: StaticString {
        switch self {
        case .boolean: "boolean"
        case .integer: "integer"
        case .string: "string"
        case .binary: "binary"
        case .uri: "uri"
        case .uriReference: "uriRef"
        case .timestamp: "timestamp"
        }
    }
}

extension XMLEventDecoder {
    /// What the `xsi:type` of the start tag says that was just read, if it has one.
    mutating func typeDesignator() -> XMLTypeDesignator? {
        let attribute = reader.attributes.first { attribute in
            attribute.name.namespace == .schemaInstance && equal(reader.bytes.part(attribute.name.local), "type")
        }
        guard let attribute else { return nil }
        return reader.bytes.withDecoded(attribute.value) { designator($0) }
    }

    /// Resolves a qualified name. Its prefix means what the document declares it to mean. The format's own documents
    /// use `ce:` (and test suites `xs:`) without declaring them: undeclared, they mean what they mean there.
    private mutating func designator(_ value: UnsafeRawBufferPointer) -> XMLTypeDesignator {
        guard let first = value.firstIndex(where: { !isXMLWhitespace($0) }),
            let last = value.lastIndex(where: { !isXMLWhitespace($0) })
        else { return .other }
        let name = value.part(first..<(last + 1))
        let colon = name.firstIndex(of: UInt8(ascii: ":"))
        let prefix = name.part(0..<(colon ?? 0))
        let local = name.part((colon.map { $0 + 1 } ?? 0)..<name.count)
        // A colon with nothing before it is not the same as no colon.
        if colon == 0 { return .other }
        if let namespace = reader.namespaces.resolve(prefix) { return XMLTypeDesignator(namespace, local: local) }
        if equal(prefix, "ce") { return XMLTypeDesignator(.cloudEvents, local: local) }
        return XMLTypeDesignator(equal(prefix, "xs") ? .schema : nil, local: local)
    }
}
