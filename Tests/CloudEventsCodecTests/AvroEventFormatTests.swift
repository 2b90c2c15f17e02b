// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import Testing

struct AvroEventFormatTests {
    let format = AvroEventFormat()

    @Test("An event is a map of attributes and a union for the data, and nothing else (V1)")
    func record() throws {
        let event = try CloudEvent(id: "1", source: "/s", type: "t", data: .binary([7, 8]))
        let bytes = try Array(format.encode(event))
        #expect(bytes == Avro.event(data: [0, 4, 7, 8]))
        #expect(try format.decode(bytes) == event)
        #expect(format.contentType == "application/cloudevents+avro")
    }

    static let values: [(AttributeValue, Int64, [UInt8])] = [
        (true, 1, [1]), (false, 1, [0]), (0, 2, [0]), (-1, 2, [1]), (1, 2, [2]), (64, 2, [0x80, 1]),
        (.integer(.max), 2, [0xFE, 0xFF, 0xFF, 0xFF, 0x0F]), (.integer(.min), 2, [0xFF, 0xFF, 0xFF, 0xFF, 0x0F]),
        ("", 3, [0]), ("é", 3, [4, 0xC3, 0xA9]), (.binary(SharedBytes()), 4, [0]),
        (.binary(SharedBytes([0, 255])), 4, [4, 0, 255]),
    ]

    @Test("Boolean, Integer, String and Binary have branches of their own (V1)", arguments: values)
    func branchOfValue(value: AttributeValue, branch: Int64, bytes: [UInt8]) throws {
        let record = Avro.event([Avro.attribute("x", branch, bytes)])
        let event = try format.decode(record)
        #expect(event["x"] == value)
        #expect(event["x"]?.type == value.type)
        #expect(try Array(format.encode(event)) == record)
    }

    @Test("URIs and timestamps are strings, with their own types where declared (V2)")
    func strings() throws {
        let text = "2018-04-26T14:48:09.1234567891+02:00"
        let extensions: ExtensionAttributes = [
            "xuri": .uri("urn:x"), "xref": .uriReference("../a"), "xtime": .timestamp(try Timestamp(text)),
        ]
        let event = try CloudEvent(
            id: "1",
            source: "/s",
            type: "t",
            time: Timestamp("2016-12-31T23:59:60Z"),
            dataSchema: "urn:s",
            extensions: extensions
        )
        let bytes = try format.encode(event)
        #expect(try format.decode(bytes)["xuri"] == "urn:x")
        #expect(try format.decode(bytes)["xtime"] == .string(text))
        #expect(try format.decode(bytes).time?.isLeapSecond == true)
        var declared = format
        declared.extensionTypes = ["xuri": .uri, "xref": .uriReference, "xtime": .timestamp]
        #expect(try declared.decode(bytes) == event)
        declared.extensionTypes = ["xuri": .timestamp]
        expectError(.invalidValue, rule: "T7", attribute: "xuri") { try declared.decode(bytes) }
    }

    @Test("A declared type holds for the branches too (V2)")
    func declaredTypes() throws {
        let declared = AvroEventFormat(extensionTypes: ["x": .binary])
        #expect(try declared.decode(Avro.event([Avro.attribute("x", 4, [2, 9])]))["x"] == .binary(SharedBytes([9])))
        let base64 = Avro.event([Avro.attribute("x", 3, Avro.string("CQ=="))])
        #expect(try declared.decode(base64)["x"] == .binary(SharedBytes([9])))
        expectError(.invalidValue, rule: "V2", attribute: "x") {
            try declared.decode(Avro.event([Avro.attribute("x", 2, [2])]))
        }
    }

    @Test("Null is no value (V1, C1)")
    func nulls() throws {
        let event = try format.decode(Avro.event([Avro.attribute("x", 0, []), Avro.attribute("time", 0, [])]))
        #expect(event.attributeNames == [.specVersion, .id, .source, .type])
        let withoutID = Avro.block(Avro.required.filter { !$0.contains(Avro.string("id")) }) + [2]
        expectError(.missingAttribute, rule: "C1", attribute: "id") { try format.decode(withoutID) }
        let nullID = Avro.block(
            Avro.required.filter { !$0.contains(Avro.string("id")) } + [Avro.attribute("id", 0, [])]
        )
        expectError(.missingAttribute, rule: "C1", attribute: "id") { try format.decode(nullID + [2]) }
    }

    @Test("An attribute is there once, null or not (C3)", arguments: ["x", "id", "time"])
    func duplicates(name: String) {
        let null = Avro.attribute(name, 0, [])
        let text = Avro.attribute(name, 3, Avro.string("2018-04-26T14:48:09Z"))
        for pair in [[null, null], [null, text], [text, null], [text, text]] {
            expectError(.duplicate, rule: "C3", attribute: name) { try format.decode(Avro.event(pair)) }
        }
    }

    @Test(
        "Core attributes are strings (V1, C14)",
        arguments: ["id", "source", "specversion", "type", "datacontenttype", "dataschema", "subject", "time"]
    )
    func wrongTypes(name: String) {
        for (branch, value) in [(1, [1]), (2, [2]), (4, [2, 0x31])] as [(Int64, [UInt8])] {
            let others = Avro.required.filter { !$0.starts(with: Avro.string(name)) }
            let record = Avro.block(others + [Avro.attribute(name, branch, value)]) + [2]
            expectError(.invalidValue, attribute: name) { try format.decode(record) }
        }
    }

    @Test("Names and values are what the specification allows (C2, C4, C7, C13, T3)")
    func invalidAttributes() {
        for name in ["", "data", "My", "a_b", "é"] {
            expectError(.invalidName, rule: "C13") { try format.decode(Avro.event([Avro.attribute(name, 3, [0])])) }
        }
        for (name, value) in [
            ("x", "\u{1}"), ("subject", ""), ("datacontenttype", "xyz"), ("dataschema", ""), ("time", "now"),
        ] {
            let attribute = Avro.attribute(name, 3, Avro.string(value))
            expectError(.invalidValue, attribute: name) { try format.decode(Avro.event([attribute])) }
        }
        let old = Avro.block(Avro.required.dropFirst() + [Avro.attribute("specversion", 3, Avro.string("0.2"))])
        expectError(.unsupportedVersion, rule: "C4") { try format.decode(old + [2]) }
    }

    @Test("There are no batches (V4)")
    func batches() throws {
        #expect(format.batchContentType == nil)
        expectError(.notRepresentable) { try format.encodeBatch([]) }
        expectError(.notRepresentable) { try format.decodeBatch(SharedBytes(Avro.event())) }
    }

    @Test("Text and bytes are cut out of the input without a copy (V3)")
    func sharing() throws {
        let payload = [UInt8](repeating: 65, count: 1000)
        let plain = Avro.attribute("datacontenttype", 3, Avro.string("text/plain"))
        for data in [[0] + Avro.bytes(payload), [12] + Avro.bytes(payload)] {
            let input = SharedBytes(Avro.event([plain], data: data))
            let event = try format.decode(input)
            #expect(event.data.bytes.bufferIdentity == input.bufferIdentity)
            #expect(event.data.bytes.count == 1000)
            #expect(event.detached().data.bytes.retainedCapacity < 1100)
        }
    }
}

/// Avro's binary encoding, byte by byte.
struct AvroWireTests {
    let format = AvroEventFormat()

    @Test("A map may come in several blocks, with their sizes or without (V1)")
    func blocks() throws {
        let expected = try format.decode(Avro.event())
        let single = Avro.required.map { Avro.long(1) + $0 }.flatMap(\.self)
        #expect(try format.decode(single + [0, 2]) == expected)
        let all = Avro.required.flatMap(\.self)
        #expect(try format.decode(Avro.long(-4) + Avro.long(Int64(all.count)) + all + [0, 2]) == expected)
        let mixed = Avro.required.enumerated().map { index, item in
            index % 2 == 0 ? Avro.long(1) + item : Avro.long(-1) + Avro.long(Int64(item.count)) + item
        }
        #expect(try format.decode(mixed.flatMap(\.self) + [0, 2]) == expected)
        for size in [0, all.count - 1, all.count + 1, -1, .max, .min] {
            let record = Avro.long(-4) + Avro.long(Int64(size)) + all + [0, 2]
            expectError(.malformed) { try format.decode(record) }
        }
    }

    @Test(
        "A count is not believed",
        arguments: [5, 1000, Int64(Int32.max), .max, .max - 1, -5, .min, .min + 1] as [Int64]
    )
    func counts(count: Int64) {
        let all = Avro.required.flatMap(\.self)
        expectError(.malformed) { try format.decode(Avro.long(count) + all) }
        expectError(.malformed) { try format.decode(Avro.event(data: [6] + Avro.long(count))) }
        expectError(.malformed) { try format.decode(Avro.event(data: [8] + Avro.long(count))) }
    }

    @Test("A length is no more than what is left", arguments: [1, 1000, .max, .max - 1, -1, .min] as [Int64])
    func lengths(length: Int64) {
        for data in [[0], [12], [6, 2], [6, 2, 2, 0x61, 8]] as [[UInt8]] {
            expectError(.malformed) { try format.decode(Avro.event(data: data + Avro.long(length))) }
        }
        expectError(.malformed) { try format.decode([2] + Avro.long(length)) }
        expectError(.malformed) { try format.decode(Avro.event([Avro.string("x") + [6] + Avro.long(length)])) }
        expectError(.malformed) { try format.decode(Avro.event([Avro.string("x") + [8] + Avro.long(length)])) }
    }

    @Test("Unions have only the branches of the schema (V1)", arguments: [-1, 7, 100, .max, .min] as [Int64])
    func branches(branch: Int64) {
        expectError(.malformed) { try format.decode(Avro.event(data: Avro.long(branch))) }
        expectError(.malformed) { try format.decode(Avro.event([Avro.attribute("x", branch, [0])])) }
        expectError(.malformed) { try format.decode(Avro.event([Avro.attribute("x", 5, [0])])) }
        expectError(.malformed) { try format.decode(Avro.event(data: [6, 2, 2, 0x61] + Avro.long(branch))) }
        expectError(.malformed) { try format.decode(Avro.event(data: [6, 2, 2, 0x61, 10])) }
        expectError(.malformed) { try format.decode(Avro.event(data: [8, 2, 2, 2, 0x61, 12])) }
    }

    @Test("Nothing follows the event (V1)", arguments: [[0], [2], [0x4F, 0x62, 0x6A]] as [[UInt8]])
    func trailingBytes(bytes: [UInt8]) {
        expectError(.malformed, offset: Avro.event().count) { try format.decode(Avro.event() + bytes) }
    }

    @Test("Numbers have the bits of their types (V1)")
    func numbers() throws {
        func decode(_ value: [UInt8]) throws -> AttributeValue? {
            try format.decode(Avro.event([Avro.attribute("x", 2, value)]))["x"]
        }
        #expect(try decode([0x82, 0x80, 0x00]) == 1)
        for number in [
            Avro.long(Int64(Int32.max) + 1), Avro.long(Int64(Int32.min) - 1), Avro.long(.max), Avro.long(.min),
            [UInt8](repeating: 0x80, count: 10) + [0], [UInt8](repeating: 0xFF, count: 9) + [2],
        ] {
            expectError(.malformed) { try decode(number) }
        }
        for boolean in [2, 0x80, 0xFF] as [UInt8] {
            expectError(.malformed) { try format.decode(Avro.event([Avro.attribute("x", 1, [boolean])])) }
            expectError(.malformed) { try format.decode(Avro.event(data: [4, boolean])) }
        }
    }

    @Test(
        "Strings are UTF-8 (V1)",
        arguments: [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xE2, 0x82]] as [[UInt8]]
    )
    func invalidUTF8(bytes: [UInt8]) {
        let text = Avro.bytes(bytes)
        expectError(.malformed) { try format.decode(Avro.event([Avro.attribute("x", 3, text)])) }
        expectError(.malformed) { try format.decode(Avro.event([text + [2, 1]])) }
        expectError(.malformed) { try format.decode(Avro.event(data: [12] + text)) }
        expectError(.malformed) { try format.decode(Avro.event(data: [6, 2] + text + [0, 0])) }
        expectError(.malformed) { try format.decode(Avro.event(data: [6, 2, 0, 8] + text + [0])) }
    }
}
