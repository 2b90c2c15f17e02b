// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import EventTestSupport
import Testing

struct ProtobufEventFormatTests {
    let format = ProtobufEventFormat()

    @Test("The fields have the numbers of the schema, in their order (P1)")
    func fieldNumbers() throws {
        let event = try CloudEvent(id: "1", source: "/s", type: "t", data: .binary([7, 8]))
        let expected: [UInt8] =
            [0x0A, 1, 0x31, 0x12, 2, 0x2F, 0x73, 0x1A, 3, 0x31, 0x2E, 0x30, 0x22, 1, 0x74, 0x32, 2, 7, 8]
        #expect(try Array(format.encode(event)) == expected)
        #expect(try format.decode(expected) == event)
        #expect(format.contentType == "application/cloudevents+protobuf")
        #expect(format.batchContentType == "application/cloudevents-batch+protobuf")
    }

    static let values: [(AttributeValue, [UInt8])] = [
        (true, [0x08, 1]),
        (false, [0x08, 0]),
        (10, [0x10, 10]),
        (0, [0x10, 0]),
        (-1, [0x10] + [UInt8](repeating: 0xFF, count: 9) + [1]),
        (.integer(.min), [0x10, 0x80, 0x80, 0x80, 0x80, 0xF8, 0xFF, 0xFF, 0xFF, 0xFF, 1]),
        (.integer(.max), [0x10, 0xFF, 0xFF, 0xFF, 0xFF, 7]),
        ("text", [0x1A, 4] + "text".utf8),
        ("", [0x1A, 0]),
        (.binary(SharedBytes([0, 255])), [0x22, 2, 0, 255]),
        (.uri("urn:x"), [0x2A, 5] + "urn:x".utf8),
        (.uriReference(""), [0x32, 0]),
        (.timestamp(try! Timestamp("1970-01-01T00:00:00Z")), [0x3A, 0]),
        (.timestamp(try! Timestamp("1970-01-01T00:00:02.000000003Z")), [0x3A, 4, 0x08, 2, 0x10, 3]),
        (
            .timestamp(try! Timestamp("1969-12-31T23:59:59Z")),
            [0x3A, 11, 0x08] + [UInt8](repeating: 0xFF, count: 9) + [1]
        ),
    ]

    @Test("Each of the seven types has its field and comes back (P2, C14)", arguments: values)
    func valueTypes(value: AttributeValue, bytes: [UInt8]) throws {
        let message = Proto.required + Proto.attribute("x", bytes)
        let event = try format.decode(message)
        #expect(event["x"] == value)
        #expect(event["x"]?.type == value.type)
        #expect(try Array(format.encode(event)) == message)
    }

    @Test("Core attributes are written in their own types (P2)")
    func coreAttributes() throws {
        let event = try CloudEvent(
            id: "1",
            source: "/s",
            type: "t",
            subject: "sub",
            time: Timestamp("1970-01-01T00:00:01Z"),
            dataContentType: "text/plain",
            dataSchema: "urn:x"
        )
        let message = try Array(format.encode(event))
        for entry in [
            Proto.attribute("subject", Proto.text("sub")),
            Proto.attribute("time", [0x3A, 2, 0x08, 1]),
            Proto.attribute("datacontenttype", Proto.text("text/plain")),
            Proto.attribute("dataschema", [0x2A, 5] + "urn:x".utf8),
        ] {
            #expect(message.contains(entry))
        }
        #expect(try format.decode(message) == event)
    }

    @Test(
        "Core attributes of a wrong type are refused (P7)",
        arguments: [
            ("datacontenttype", [0x10, 5] as [UInt8]), ("datacontenttype", [0x2A, 5] + "urn:x".utf8),
            ("dataschema", [0x10, 5]), ("dataschema", [0x22, 5] + "urn:x".utf8),
            ("dataschema", [0x32, 5] + "urn:x".utf8),
            ("subject", [0x10, 5]), ("subject", [0x08, 1]), ("subject", [0x3A, 0]),
            ("time", [0x10, 5]), ("time", Proto.text("2018-04-05T17:31:00Z")), ("time", [0x22, 0]),
        ]
    )
    func wrongTypes(name: String, value: [UInt8]) {
        expectError(.invalidValue, rule: "P7", attribute: name) {
            try format.decode(Proto.required + Proto.attribute(name, value))
        }
    }

    @Test("A dataschema may be a string (P2, C14)")
    func schemaAsString() throws {
        let event = try format.decode(Proto.required + Proto.attribute("dataschema", Proto.text("urn:x")))
        #expect(event.dataSchema == "urn:x")
    }

    @Test("An attribute without a value is refused (P6)", arguments: ["x", "subject", "time", "dataschema"])
    func noValue(name: String) {
        expectError(.invalidValue, rule: "P6", attribute: name) {
            try format.decode(Proto.required + Proto.attribute(name, []))
        }
        // A value that only has fields of later versions has no value that is known.
        expectError(.invalidValue, rule: "P6", attribute: name) {
            try format.decode(Proto.required + Proto.attribute(name, Proto.number(99, 1)))
        }
        // An entry of a map may lack its value, which then is the empty message.
        expectError(.invalidValue, rule: "P6", attribute: name) {
            try format.decode(Proto.required + Proto.bytes(5, Proto.string(1, name)))
        }
    }

    @Test("Required attributes are fields, not entries (P1, C3)", arguments: ["id", "source", "specversion", "type"])
    func requiredInMap(name: String) {
        let entry = Proto.attribute(name, Proto.text("1.0"))
        expectError(.invalidName, rule: "P1", attribute: name) { try format.decode(Proto.required + entry) }
        expectError(.invalidName, rule: "P1", attribute: name) { try format.decode(entry) }
    }

    @Test("Names have to be names (C13)", arguments: ["", "data", "My", "a_b", "spec_version", "é", "a b"])
    func names(name: String) {
        expectError(.invalidName, rule: "C13") {
            try format.decode(Proto.required + Proto.attribute(name, Proto.text("v")))
        }
    }

    @Test("Required attributes are there and not empty (C1, C2)", arguments: 0..<4)
    func missing(index: Int) {
        let fields = [Proto.string(1, "1"), Proto.string(2, "/s"), Proto.string(3, "1.0"), Proto.string(4, "t")]
        let names = ["id", "source", "specversion", "type"]
        var without = fields
        without.remove(at: index)
        expectError(.missingAttribute, rule: "C1", attribute: names[index]) {
            try format.decode(without.flatMap(\.self))
        }
        var empty = fields
        empty[index] = Proto.string(UInt64(index + 1), "")
        expectError(.missingAttribute, rule: "C1", attribute: names[index]) { try format.decode(empty.flatMap(\.self)) }
    }

    @Test("Only the versions 1.0 and 0.3 are read (C4, SDK7)", arguments: ["0.2", "0.9", "1.0.2", "2.0"])
    func versions(version: String) {
        let message = Proto.required + Proto.string(3, version)
        expectError(.unsupportedVersion, rule: "C4") { try format.decode(message) }
        let batch = Proto.bytes(1, Proto.required) + Proto.bytes(1, message)
        expectError(.unsupportedVersion, rule: "C4") { try format.decodeBatch(SharedBytes(batch)) }
    }

    @Test("Values keep to their types (T3, T5, T6, C7)")
    func invalidValues() {
        let cases: [(String, [UInt8], CloudEventError.Code)] = [
            ("x", Proto.text("a\u{1}"), .invalidValue), ("x", [0x2A, 2] + "/a".utf8, .invalidValue),
            ("x", [0x32, 1] + "%".utf8, .invalidValue), ("subject", Proto.text(""), .invalidValue),
            ("datacontenttype", Proto.text("xyz"), .invalidValue), ("dataschema", Proto.text(""), .invalidValue),
        ]
        for (name, value, code) in cases {
            expectError(code, attribute: name) { try format.decode(Proto.required + Proto.attribute(name, value)) }
        }
    }

    @Test("An attribute that is there twice is refused, even with the same value (C3)", arguments: ["x", "dataschema"])
    func duplicates(name: String) {
        let entry = Proto.attribute(name, Proto.string(5, "urn:x"))
        expectError(.duplicate, rule: "C3", attribute: name) { try format.decode(Proto.required + entry + entry) }
    }

    @Test("Batches have their events in field 1, and may be empty (P5)", arguments: [0, 1, 2, 40])
    func batches(count: Int) throws {
        var generator = EventGenerator(seed: UInt64(count))
        let events = try (0..<count).map { index in
            var event = try generator.eventOfAllTypes()
            event.data = .text("\(index)")
            return event
        }
        let message = try format.encodeBatch(events)
        #expect(try format.decodeBatch(message) == events)
        #expect(try format.decodeBatch(SharedBytes(Array(message) + Proto.string(7, "later"))) == events)
        #expect(message.isEmpty == (count == 0))
        #expect(throws: CloudEventError.self) { try format.decodeBatch(SharedBytes(Array(message) + [0x0A, 0])) }
    }
}
