// SPDX-License-Identifier: Apache-2.0

/// Reads one CloudEvent message (P1), field by field in any order.
struct ProtobufEventDecoder {
    private let input: SharedBytes
    private let limits: CodecLimits
    private var reader: WireReader
    /// The fields 1 to 4, in their order.
    private var required: [Range<Int>?] = [nil, nil, nil, nil]
    private var attributes: [CloudEvent.Attribute] = []
    private var attributeCount = 4
    private var hasContentType = false
    /// Its meaning can depend on the data, which may come later.
    private var schema: ProtobufValue?
    private var data = ProtobufData.absent

    private static let requiredNames: [AttributeName] = [.id, .source, .specVersion, .type]

    /// - Parameters:
    ///   - input: the whole input, which the caller keeps alive while this is used.
    ///   - message: a reader of the message within it.
    init(_ message: WireReader, in input: SharedBytes, limits: CodecLimits) {
        self.input = input
        self.limits = limits
        reader = message
    }

    mutating func event() throws(CloudEventError) -> CloudEvent {
        while let field = try reader.nextField() {
            switch (field.number, field.wireType) {
            case (1...4, .lengthDelimited): required[Int(field.number) - 1] = try reader.utf8()
            case (5, .lengthDelimited): try readEntry(try reader.lengthDelimited())
            case (6, .lengthDelimited): data = .bytes(try reader.lengthDelimited())
            case (7, .lengthDelimited): data = .text(try reader.utf8())
            case (8, .lengthDelimited): try data.merge(message: piece(), maximumDepth: limits.nestingDepth)
            default: try reader.skip(field, maximumDepth: limits.nestingDepth)
            }
        }
        return try wholeEvent()
    }

    private mutating func piece() throws(CloudEventError) -> WireReader {
        let range = try reader.lengthDelimited()
        return reader.within(range)
    }
}

// MARK: - Attributes

extension ProtobufEventDecoder {
    /// Reads one entry of the map `attributes`: a message with the name and the value, either of which may be missing.
    private mutating func readEntry(_ range: Range<Int>) throws(CloudEventError) {
        attributeCount += 1
        try limits.check(attributes: attributeCount, at: range.lowerBound)
        var entry = reader.within(range)
        var nameText = range.lowerBound..<range.lowerBound
        var value = ProtobufValue.unset
        while let field = try entry.nextField() {
            switch (field.number, field.wireType) {
            case (1, .lengthDelimited): nameText = try entry.utf8()
            case (2, .lengthDelimited):
                let message = try entry.lengthDelimited()
                try value.merge(entry.within(message), maximumDepth: limits.nestingDepth)
            default: try entry.skip(field, maximumDepth: limits.nestingDepth)
            }
        }
        let name = try reader.attributeName(nameText, at: range.lowerBound)
        do throws(CloudEventError) {
            try set(name, to: value)
        } catch {
            throw error.naming(name.string, offset: range.lowerBound)
        }
    }

    private mutating func set(_ name: AttributeName, to value: ProtobufValue) throws(CloudEventError) {
        let core = CoreAttribute(name)
        switch core {
        case .id, .source, .specVersion, .type:
            throw CloudEventError(
                .invalidName,
                "the attribute has a field of its own and cannot be among the others",
                rule: "P1"
            )
        case .dataSchema:
            guard schema == nil else { throw CloudEventError(.duplicate, "the attribute is there twice", rule: "C3") }
            guard value.text != nil else { throw try wrongType(value) }
            schema = value
            return
        case .dataContentType, .subject:
            guard case .string = value else { throw try wrongType(value) }
        case .time:
            guard case .timestamp = value else { throw try wrongType(value) }
        case nil: break
        }
        if core == .dataContentType { hasContentType = true }
        let value = try value.attributeValue(reader, in: input)
        attributes.append(CloudEvent.Attribute(name: name, value: value))
    }

    private func wrongType(_ value: ProtobufValue) throws(CloudEventError) -> CloudEventError {
        if case .unset = value { _ = try value.attributeValue(reader, in: input) }
        return CloudEventError(.invalidValue, "the value is not of the attribute's type", rule: "P7")
    }
}

// MARK: - The whole

extension ProtobufEventDecoder {
    private mutating func wholeEvent() throws(CloudEventError) -> CloudEvent {
        for (name, range) in zip(Self.requiredNames, required) {
            // An empty string is what a field has that was never set.
            guard let range, !range.isEmpty else {
                throw CloudEventError(
                    .missingAttribute,
                    "the required attribute is missing or empty",
                    attribute: name.string,
                    rule: "C1"
                )
            }
            attributes.append(CloudEvent.Attribute(name: name, value: .string(reader.text(range))))
        }
        var typeURL: Range<Int>?
        if case .message(let url, _) = data {
            typeURL = url
            if !hasContentType { attributes.append(.init(name: .dataContentType, value: "application/protobuf")) }
        }
        if let schema = try schemaValue(typeURL: typeURL) {
            attributes.append(CloudEvent.Attribute(name: .dataSchema, value: schema))
        }
        return try CloudEvent(attributes: attributes, data: data.eventData(in: input))
    }

    /// The attribute `dataschema`: as it was given, or else what the type URL of the data says.
    private func schemaValue(typeURL: Range<Int>?) throws(CloudEventError) -> AttributeValue? {
        let typeURL = typeURL.map { reader.text($0) } ?? ""
        guard let schema, let range = schema.text else {
            guard !typeURL.isEmpty else { return nil }
            guard let uri = ProtobufTypeURL.schema(of: typeURL) else {
                throw CloudEventError(
                    .invalidData,
                    "the type URL of the data is not a URL, and there is no dataschema in its place",
                    attribute: "dataschema",
                    rule: "P3"
                )
            }
            return .uri(uri)
        }
        let text = reader.text(range)
        // Written as the specification's own example does: with the type URL as it is.
        if !text.isEmpty, text == typeURL, let uri = ProtobufTypeURL.schema(of: text) { return .uri(uri) }
        if case .uriReference = schema { throw try wrongType(schema).naming("dataschema") }
        return .string(text)
    }
}

/// The data of an event as it is on the wire: the `oneof` of fields 6 to 8 (P1).
private enum ProtobufData {
    case absent
    case bytes(Range<Int>)
    case text(Range<Int>)
    case message(typeURL: Range<Int>, value: Range<Int>)

    /// Reads a google.protobuf.Any; what comes in pieces is one message.
    mutating func merge(message: WireReader, maximumDepth: Int) throws(CloudEventError) {
        var reader = message
        var (typeURL, value) = (0..<0, 0..<0)
        if case .message(let earlierURL, let earlierValue) = self { (typeURL, value) = (earlierURL, earlierValue) }
        while let field = try reader.nextField() {
            switch (field.number, field.wireType) {
            case (1, .lengthDelimited): typeURL = try reader.utf8()
            case (2, .lengthDelimited): value = try reader.lengthDelimited()
            default: try reader.skip(field, maximumDepth: maximumDepth)
            }
        }
        self = .message(typeURL: typeURL, value: value)
    }

    func eventData(in input: SharedBytes) -> EventData {
        switch self {
        case .absent: .absent
        case .bytes(let range), .message(_, let range): .binary(input.slice(range))
        case .text(let range): EventData(unchecked: .text, input.slice(range))
        }
    }
}
