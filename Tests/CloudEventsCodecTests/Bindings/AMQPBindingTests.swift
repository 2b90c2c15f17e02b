// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import Testing

struct AMQPBindingTests {
    let binding = AMQPBinding()

    private func message(
        _ further: [(String, AMQPValue)] = [],
        contentType: String? = nil,
        body: String? = nil,
        prefix: String = "cloudEvents_"
    ) -> AMQPMessage {
        let required = [("specversion", "1.0"), ("id", "1"), ("source", "/s"), ("type", "t")]
        return AMQPMessage(
            contentType: contentType,
            applicationProperties: required.map { AMQPProperty(prefix + $0.0, .string($0.1)) }
                + further.map { AMQPProperty($0.0, $0.1) },
            body: body.map { SharedBytes(utf8: $0) }
        )
    }

    @Test("The property content-type is the mode (A1, A5)")
    func modes() {
        #expect(binding.contentMode(of: message()) == .binary)
        #expect(binding.contentMode(of: message(contentType: "APPLICATION/cloudevents+x")) == .structured)
        let batch = message(contentType: "application/cloudevents-batch+json", body: "[]")
        #expect(binding.contentMode(of: batch) == .batched)
        expectError(.unsupportedFormat, rule: "A5") { try binding.decode(batch) }
        let plain = AMQPMessage(
            contentType: "text/plain",
            applicationProperties: [AMQPProperty("cloudevents_id", .string("1")), AMQPProperty("cloudEvents", .null)],
            body: nil
        )
        #expect(binding.contentMode(of: plain) == nil)
        expectError(.missingAttribute) { try binding.decode(plain) }
        expectError(.unsupportedFormat, rule: "A1") {
            try binding.decode(message(contentType: "application/cloudevents+x", body: "{}"))
        }
    }

    @Test("Both prefixes are read, one in a message; the option says which is written (A2)")
    func prefixes() throws {
        let event = try binding.decode(message([("cloudEvents:x", .string("v"))], prefix: "cloudEvents:"))
        #expect(event["x"] == "v")
        expectError(.invalidName, rule: "A2", attribute: "cloudEvents:x") {
            try binding.decode(message([("cloudEvents:x", .string("v"))]))
        }
        let names = try AMQPBinding(prefix: .colon).encode(event).applicationProperties.map(\.name)
        #expect(names.allSatisfy { $0.hasPrefix("cloudEvents:") })
        #expect(try binding.encode(event).applicationProperties.allSatisfy { $0.name.hasPrefix("cloudEvents_") })
    }

    @Test(
        "A name behind the prefix that no attribute can have is refused (C13)",
        arguments: ["cloudEvents_", "cloudEvents_Id", "cloudEvents_a_b", "cloudEvents_data"]
    )
    func wrongNames(name: String) {
        expectError(.invalidName, rule: "C13") { try binding.decode(message([(name, .string("v"))])) }
        expectError(.invalidName, rule: "C13") { try binding.decode(message([(name, .null)])) }
    }

    @Test("An attribute that is there twice is refused, null or not (C3)")
    func duplicates() {
        expectError(.duplicate, rule: "C3") { try binding.decode(message([("cloudEvents_id", .null)])) }
        expectError(.duplicate, rule: "C3") { try binding.decode(message([("cloudEvents_id", .string("1"))])) }
    }

    @Test("The content type is the property; a copy of it has to be the same (A3)")
    func contentType() throws {
        let event = try binding.decode(message(contentType: "application/json", body: "1"))
        #expect(event.dataContentType == "application/json")
        #expect(event.data.kind == .json)
        let written = try binding.encode(event)
        #expect(written.contentType == "application/json")
        #expect(written.applicationProperties.count == 4)
        let copy = [("cloudEvents_datacontenttype", AMQPValue.string("application/json"))]
        #expect(throws: Never.self) { try binding.decode(message(copy, contentType: "application/json")) }
        expectError(.duplicate) { try binding.decode(message(copy, contentType: "text/plain")) }
    }

    @Test(
        "Types of AMQP become types of attributes (A4, T2)",
        arguments: [
            (AMQPValue.boolean(true), AttributeValue.boolean(true)), (.long(-2_147_483_648), .integer(.min)),
            (.unsignedLong(2_147_483_647), .integer(.max)), (.string("5"), .string("5")), (.symbol("a"), .string("a")),
            (.string(""), .string("")), (.binary(SharedBytes([0])), .binary(SharedBytes([0]))),
        ]
    )
    func nativeTypes(value: AMQPValue, attribute: AttributeValue) throws {
        #expect(try binding.decode(message([("cloudEvents_x", value)]))["x"] == attribute)
    }

    @Test("What no attribute can be is refused, and null is no value (A4, T2, T3, T7)")
    func wrongTypes() throws {
        let wrong: [(AMQPValue, String)] = [
            (.long(2_147_483_648), "T2"), (.long(.min), "T2"), (.unsignedLong(.max), "T2"), (.double(1), "A4"),
            (.other, "A4"), (.timestamp(milliseconds: .max), "T7"), (.timestamp(milliseconds: .min), "T7"),
            (.string("\u{1}"), "T3"),
        ]
        for (value, rule) in wrong {
            expectError(.invalidValue, rule: rule, attribute: "x") {
                try binding.decode(message([("cloudEvents_x", value)]))
            }
            #expect(throws: Never.self) { try binding.decode(message([("x", value)])) }
        }
        #expect(try binding.decode(message([("cloudEvents_x", .null)])).extensions.isEmpty)
        for name in ["cloudEvents_subject", "cloudEvents_time"] {
            expectError(.invalidValue, rule: "C14") { try binding.decode(message([(name, .boolean(true))])) }
        }
    }

    @Test("Times are read as timestamps and as text, and text has its declared type (A4)")
    func readingTimes() throws {
        let time = try Timestamp("1969-12-31T23:59:59.999Z")
        #expect(try binding.decode(message([("cloudEvents_time", .timestamp(milliseconds: -1))])).time == time)
        #expect(try binding.decode(message([("cloudEvents_time", .string(time.description))])).time == time)
        let declared = AMQPBinding(extensionTypes: ["x": .timestamp, "u": .uri])
        let event = try declared.decode(
            message([("cloudEvents_x", .timestamp(milliseconds: -1)), ("cloudEvents_u", .string("a:b"))])
        )
        #expect(event["x"] == .timestamp(time))
        #expect(event["u"] == .uri("a:b"))
        expectError(.invalidValue, rule: "T7") { try declared.decode(message([("cloudEvents_x", .string("now"))])) }
    }

    @Test("Attributes are written in AMQP's types (A4)")
    func writing() throws {
        let extensions: ExtensionAttributes = [
            "a": true, "b": 5, "c": "s", "d": .binary(SharedBytes([1])), "e": .uri("a:b"), "f": .uriReference("#f"),
        ]
        let event = try CloudEvent(id: "1", source: "/s", type: "t", extensions: extensions)
        let values = try binding.encode(event).applicationProperties.dropFirst(4).map(\.value)
        #expect(
            values == [
                .boolean(true), .long(5), .string("s"), .binary(SharedBytes([1])), .string("a:b"), .string("#f"),
            ]
        )
    }

    @Test(
        "A time that a timestamp of AMQP would change is written as text (A4)",
        arguments: [
            ("1970-01-01T00:00:01.5Z", AMQPValue.timestamp(milliseconds: 1500)),
            ("1969-12-31T23:59:59.999000000Z", .timestamp(milliseconds: -1)),
            ("2000-01-01T00:00:00+01:00", .timestamp(milliseconds: 946_681_200_000)),
            ("1970-01-01T00:00:00.0001Z", .string("1970-01-01T00:00:00.0001Z")),
            ("1970-01-01T00:00:00.1000000000001Z", .string("1970-01-01T00:00:00.1000000000001Z")),
            ("2016-12-31T23:59:60Z", .string("2016-12-31T23:59:60Z")),
        ]
    )
    func writingTimes(text: String, value: AMQPValue) throws {
        let event = try CloudEvent(id: "1", source: "/s", type: "t", time: Timestamp(text))
        let message = try binding.encode(event)
        #expect(message.applicationProperties.first { $0.name == "cloudEvents_time" }?.value == value)
        #expect(try binding.decode(message).time == event.time)
    }

    @Test("The body is the data; an empty one is none (A1)")
    func bodies() throws {
        #expect(try binding.decode(message(body: "")).data.isAbsent)
        #expect(try binding.decode(message(body: "a")).data == .binary([97]))
        var structured = try binding.encode(binding.decode(message()), as: .structured())
        #expect(structured.contentType == "application/cloudevents+json")
        #expect(structured.applicationProperties.isEmpty)
        structured.body = nil
        expectError(.malformed) { try binding.decode(structured) }
    }

    @Test("No description shows a value")
    func descriptions() {
        let message = message([("token", .string("secret"))], body: "secret")
        #expect(!"\(message) \(message.applicationProperties)".contains("secret"))
    }
}
