// SPDX-License-Identifier: Apache-2.0

/// Reads one record `CloudEvent` (V1).
struct AvroEventDecoder {
    private let input: SharedBytes
    private let format: AvroEventFormat
    private var reader: WireReader

    /// The caller keeps the input alive while this is used: the reader looks into its memory.
    init(_ input: SharedBytes, format: AvroEventFormat) {
        self.input = input
        self.format = format
        reader = WireReader(input.unsafeBytes)
    }

    mutating func event() throws(CloudEventError) -> CloudEvent {
        let attributes = try attributes()
        let contentType = attributes.first { $0.name == .dataContentType }
        var isJSON = true
        if case .string(let text) = contentType?.value { isJSON = MediaType.isJSON(text) }
        let data = try data(isJSON: isJSON)
        guard reader.isAtEnd else { throw reader.malformed("there are bytes behind the event", at: reader.offset) }
        return try CloudEvent(attributes: attributes, data: data)
    }
}

// MARK: - Attributes

extension AvroEventDecoder {
    private mutating func attributes() throws(CloudEventError) -> [CloudEvent.Attribute] {
        var attributes: [CloudEvent.Attribute] = []
        var names: Set<AttributeName> = []
        var blocks = AvroBlocks()
        var count = 0
        while try blocks.next(&reader) {
            let start = reader.offset
            count += 1
            try format.limits.check(attributes: count, at: start)
            let name = try reader.attributeName(try reader.string(), at: start)
            do throws(CloudEventError) {
                guard names.insert(name).inserted else {
                    throw CloudEventError(.duplicate, "the attribute is there twice", rule: "C3")
                }
                guard let value = try value(of: name) else { continue }
                attributes.append(CloudEvent.Attribute(name: name, value: value))
            } catch {
                throw error.code == .malformed ? error : error.naming(name.string, offset: start)
            }
        }
        return attributes
    }

    /// Reads the value of an attribute; `null` is no value.
    private mutating func value(of name: AttributeName) throws(CloudEventError) -> AttributeValue? {
        let branch: AvroSchema.Attribute = try reader.branch()
        let value: AttributeValue
        switch branch {
        case .null: return nil
        case .boolean: value = .boolean(try reader.boolean())
        case .int: value = .integer(try reader.int())
        case .bytes: value = .binary(input.slice(try reader.countedBytes()))
        case .string: value = .string(reader.text(try reader.string()))
        }
        guard let declared = format.extensionTypes[name], declared != value.type, !name.isCore else { return value }
        guard case .string(let text) = value else {
            throw CloudEventError(.invalidValue, "the value is not of the type declared for the attribute", rule: "V2")
        }
        return try AttributeValue(canonical: text, as: declared)
    }
}

// MARK: - Data

extension AvroEventDecoder {
    private mutating func data(isJSON: Bool) throws(CloudEventError) -> EventData {
        let branch: AvroSchema.Data = try reader.branch()
        switch branch {
        case .null: return .absent
        case .bytes: return .binary(input.slice(try reader.countedBytes()))
        case .boolean: return json(try reader.boolean() ? "true" : "false")
        case .double: return json(AvroNumber.text(of: try reader.finiteDouble()))
        case .map: return try json(.object)
        case .array: return try json(.recordArray)
        case .string:
            let range = try reader.string()
            guard isJSON else { return EventData(unchecked: .text, input.slice(range)) }
            var writer = JSONWriter(capacity: range.count + 16)
            writer.writeString(utf8: UnsafeRawBufferPointer(rebasing: reader.bytes[range]))
            return EventData(unchecked: .json, writer.finish())
        }
    }

    private func json(_ text: String) -> EventData { EventData(unchecked: .json, SharedBytes(utf8: text)) }

    private mutating func json(_ container: AvroSchema.Container) throws(CloudEventError) -> EventData {
        let data = AvroDataReader(input: input, maximumDepth: format.limits.dataDepth)
        return EventData(unchecked: .json, try data.json(container, &reader))
    }
}
