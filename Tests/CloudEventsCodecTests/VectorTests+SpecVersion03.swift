// SPDX-License-Identifier: Apache-2.0

@testable import CloudEventsCodec

extension VectorTests {
    static let specVersion03Checks: [Check] = [
        ("json-structured-v03", checkVersion03)
    ]

    /// The vectors expect the event as it was read; the library makes one of version 1.0 of it.
    private static func checkVersion03(_ vector: Vector) throws {
        let event = try read(TestJSON(vector.input["text"]?.string ?? ""))
        guard !vector.isRejection else { return }
        var expected = vector.expect.members
        var attributes = expected["attributes"]?.members ?? [:]
        guard attributes.updateValue(.string("1.0"), forKey: "specversion") == .string("0.3") else {
            throw VectorMismatch("the vector's event is not of version 0.3")
        }
        attributes["dataschema"] = attributes.removeValue(forKey: "schemaurl")
        expected["attributes"] = .object(attributes)
        try Vector.check(event, against: .object(expected))
    }

    private static func read(_ object: TestJSON) throws -> CloudEvent {
        var attributes: [CloudEvent.Attribute] = []
        var data = EventData.absent
        for (name, value) in object.members where name != "data" && value != .null {
            attributes.append(CloudEvent.Attribute(name: try AttributeName(name), value: try attributeValue(value)))
        }
        if let value = object["data"] {
            let contentType = object["datacontenttype"]?.string
            let isJSON = contentType.map { MediaType.isJSON($0) } ?? true
            data = isJSON ? try .json(value.bytes) : .text(value.string ?? "")
        }
        return try CloudEvent(attributes: attributes, data: data)
    }

    private static func attributeValue(_ value: TestJSON) throws -> AttributeValue {
        switch value {
        case .boolean(let value): .boolean(value)
        case .number(let text): try AttributeValue(canonical: text, as: .integer)
        case .string(let text): .string(text)
        default: throw VectorMismatch("an attribute is no scalar")
        }
    }
}
