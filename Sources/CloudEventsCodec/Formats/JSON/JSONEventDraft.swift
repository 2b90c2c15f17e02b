// SPDX-License-Identifier: Apache-2.0

/// What is known of an event while its members are read.
struct JSONEventDraft {
    var id: String?
    var source: URIReference?
    var type: String?
    var hasVersion = false
    var subject: String?
    var time: Timestamp?
    var dataContentType: String?
    var dataSchema: URI?
    var data: (range: Range<Int>, first: JSONToken)?
    var base64: JSONString?

    /// The members of the specification that were there, null or not.
    private var seen: UInt16 = 0
    private var extensions: [ExtensionAttributes.Element] = []
    private var nullNames: [AttributeName] = []
    /// All extensions' names once there are so many that looking through them would be slow.
    private var manyNames: Set<AttributeName> = []

    static let dataBit: UInt16 = 1 << 8
    static let base64Bit: UInt16 = 1 << 9

    /// Notes that a member was there, which it may be once (C3).
    mutating func mark(_ bit: UInt16, _ name: @autoclosure () -> String, at offset: Int) throws(CloudEventError) {
        guard seen & bit == 0 else { throw Self.duplicate(name(), at: offset) }
        seen |= bit
    }

    mutating func add(_ name: AttributeName, _ value: AttributeValue?, at offset: Int) throws(CloudEventError) {
        if extensions.count + nullNames.count < 16 {
            guard !extensions.contains(where: { $0.name == name }), !nullNames.contains(name) else {
                throw Self.duplicate(name.string, at: offset)
            }
        } else {
            if manyNames.isEmpty { manyNames = Set(extensions.map(\.name) + nullNames) }
            guard manyNames.insert(name).inserted else { throw Self.duplicate(name.string, at: offset) }
        }
        guard let value else { return nullNames.append(name) }
        if extensions.isEmpty { extensions.reserveCapacity(4) }
        extensions.append(ExtensionAttributes.Element(name: name, value: value))
    }

    mutating func set(
        _ attribute: CoreAttribute,
        to string: JSONString,
        reader: borrowing JSONReader
    ) throws(CloudEventError) {
        switch attribute {
        case .id: id = try Self.text(string, .id, "C2", reader)
        case .type: type = try Self.text(string, .type, "C2", reader)
        case .subject: subject = try Self.text(string, .subject, "C7", reader)
        case .source:
            guard !string.range.isEmpty else { throw CloudEvent.empty(.source, rule: "C5") }
            source = try URIReference(reader.text(string))
        case .dataSchema:
            guard !string.range.isEmpty else { throw CloudEvent.empty(.dataSchema, rule: "C7") }
            dataSchema = try URI(reader.text(string))
        case .dataContentType:
            // The usual type is a constant of the program: no allocation, no check.
            if equal(reader.rawBytes(string), "application/json") { return dataContentType = "application/json" }
            let text = try Self.text(string, .dataContentType, "C7", reader)
            guard MediaType.isValid(text) else { throw MediaType.invalid }
            dataContentType = text
        case .time:
            guard let timestamp = reader.withUTF8(string, { Timestamp(utf8: $0) }) else { throw Timestamp.invalid }
            time = timestamp
        case .specVersion:
            guard reader.withUTF8(string, { equal($0, "1.0") }) else {
                throw CloudEventError(.unsupportedVersion, "only events of version 1.0 can be read", rule: "C4")
            }
            hasVersion = true
        }
    }

    private static func text(
        _ string: JSONString,
        _ name: AttributeName,
        _ rule: String,
        _ reader: borrowing JSONReader
    ) throws(CloudEventError) -> String {
        guard !string.range.isEmpty else { throw CloudEvent.empty(name, rule: rule) }
        return try reader.attributeText(string)
    }

    /// Puts the event together when its object is over.
    func event(reader: borrowing JSONReader, input: SharedBytes) throws(CloudEventError) -> CloudEvent {
        guard hasVersion else { throw Self.missing(.specVersion, at: reader.offset) }
        guard let id else { throw Self.missing(.id, at: reader.offset) }
        guard let source else { throw Self.missing(.source, at: reader.offset) }
        guard let type else { throw Self.missing(.type, at: reader.offset) }
        return CloudEvent(
            uncheckedID: id,
            source: source,
            type: type,
            subject: subject,
            time: time,
            dataContentType: dataContentType,
            dataSchema: dataSchema,
            extensions: ExtensionAttributes(unchecked: extensions),
            data: try eventData(reader: reader, input: input)
        )
    }

    private func eventData(reader: borrowing JSONReader, input: SharedBytes) throws(CloudEventError) -> EventData {
        if let base64 {
            if let data {
                throw CloudEventError(
                    .invalidData,
                    "there is data beside data_base64; an event has one of them",
                    attribute: "data",
                    offset: data.range.lowerBound,
                    rule: "J8"
                )
            }
            guard let bytes = reader.withUTF8(base64, { Base64.decode($0) }) else {
                throw Self.invalidBase64(at: base64.range.lowerBound)
            }
            return .binary(bytes)
        }
        guard let data else { return .absent }
        if dataContentType.map({ MediaType.isJSON($0) }) ?? true {
            return EventData(unchecked: .json, input.slice(data.range))
        }
        guard case .string(let string) = data.first else {
            throw CloudEventError(
                .invalidData,
                "datacontenttype does not mean JSON, so data has to be a string (or data_base64)",
                attribute: "data",
                offset: data.range.lowerBound,
                rule: "J10"
            )
        }
        return EventData(unchecked: .text, reader.utf8(string, in: input))
    }

    static func invalidBase64(at offset: Int) -> CloudEventError {
        CloudEventError(
            .invalidData,
            "data_base64 has to be a string of base64 with the standard alphabet and padding",
            attribute: "data_base64",
            offset: offset,
            rule: "J4"
        )
    }

    private static func duplicate(_ name: String, at offset: Int) -> CloudEventError {
        CloudEventError(.duplicate, "the member is there twice", attribute: name, offset: offset, rule: "C3")
    }

    private static func missing(_ name: AttributeName, at offset: Int) -> CloudEventError {
        CloudEventError(
            .missingAttribute,
            "the required attribute is missing or null",
            attribute: name.string,
            offset: offset,
            rule: "C1"
        )
    }
}
