// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import EventTestSupport

extension Vector {
    /// Compares an event with the vectors' form of events.
    ///
    /// - Parameters:
    ///   - event: the event that was read.
    ///   - expected: what it has to be.
    ///   - dataIsBytes: whether only the bytes of the data count, and not what they were taken for.
    static func check(_ event: CloudEvent, against expected: TestJSON, dataIsBytes: Bool = false) throws {
        let attributes = expected["attributes"]?.members ?? [:]
        guard Set(event.attributeNames.map(\.string)) == Set(attributes.keys) else {
            throw VectorMismatch("the attributes are \(event.attributeNames)")
        }
        for (name, value) in attributes {
            guard let found = event[try AttributeName(name)], matches(found, value) else {
                throw VectorMismatch("the attribute \(name) is \(String(describing: event[try AttributeName(name)]))")
            }
        }
        if let data = expected["data"] {
            // A message cannot tell an empty payload from none.
            let isEmpty = dataIsBytes && ["text", "base64"].contains { data[$0] == .string("") }
            if isEmpty, event.data.bytes.isEmpty { return }
            try check(event.data, against: data, anyKind: dataIsBytes && !event.data.isAbsent)
        }
    }

    private static func matches(_ found: AttributeValue, _ expected: TestJSON) -> Bool {
        switch (found, expected) {
        case (.integer(let value), .number(let text)): String(value) == text
        case (.boolean(let value), .boolean(let other)): value == other
        case (.timestamp(let value), .string(let text)): value == (try? Timestamp(text))
        case (.integer, _), (.boolean, _): false
        case (_, .string(let text)): found.canonicalString == text
        default: false
        }
    }

    private static func check(_ data: EventData, against expected: TestJSON, anyKind: Bool) throws {
        let isRight: Bool
        if expected["absent"] != nil {
            isRight = data.isAbsent
        } else if let value = expected["json"] {
            isRight = try (anyKind || data.kind == .json) && TestJSON(data.bytes) == value
        } else if let text = expected["json_text"]?.string {
            isRight = (anyKind || data.kind == .json) && data.text == text
        } else if let text = expected["text"]?.string {
            isRight = (anyKind || data.kind == .text) && data.text == text
        } else if let text = expected["utf8"]?.string {
            // Where nothing says whether there is a payload, an empty one is as good as none.
            isRight = String(decodingUTF8: data.bytes) == text
        } else if let text = expected["base64"]?.string {
            isRight = (anyKind || data.kind == .binary) && Base64.encode(data.bytes) == text
        } else {
            throw VectorMismatch("the vector expects data of a form unknown here")
        }
        guard isRight else { throw VectorMismatch("the data is \(data)") }
    }

    /// Makes an event from the vectors' form of events.
    static func event(_ form: TestJSON) throws -> CloudEvent {
        var attributes = form["attributes"]?.members ?? [:]
        guard attributes.removeValue(forKey: "specversion") == .string("1.0") else {
            throw VectorMismatch("the vector's event is not of version 1.0")
        }
        func take(_ name: String) -> String? { attributes.removeValue(forKey: name)?.string }
        let (id, source, type) = (take("id") ?? "", take("source") ?? "", take("type") ?? "")
        let (subject, time, contentType) = (take("subject"), take("time"), take("datacontenttype"))
        let schema = take("dataschema")
        var extensions = ExtensionAttributes()
        for (name, value) in attributes {
            switch value {
            case .boolean(let value): extensions[try AttributeName(name)] = .boolean(value)
            case .number(let text):
                extensions[try AttributeName(name)] = try AttributeValue(canonical: text, as: .integer)
            default: extensions[try AttributeName(name)] = value.string.map { .string($0) }
            }
        }
        return try CloudEvent(
            id: id,
            source: URIReference(source),
            type: type,
            subject: subject,
            time: time.map { try Timestamp($0) },
            dataContentType: contentType,
            dataSchema: schema.map { try URI($0) },
            extensions: extensions,
            data: data(form["data"] ?? .null)
        )
    }

    private static func data(_ form: TestJSON) throws -> EventData {
        if let value = form["json"] { return try .json(value.bytes) }
        if let text = form["json_text"]?.string { return try .json(text) }
        if let text = form["text"]?.string { return .text(text) }
        if let text = form["utf8"]?.string { return .binary(SharedBytes(utf8: text)) }
        if let text = form["base64"]?.string {
            guard case .binary(let bytes) = try AttributeValue(canonical: text, as: .binary) else { return .absent }
            return .binary(bytes)
        }
        return .absent
    }
}
