// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import Testing

/// JSON values in the types of the Avro schema.
struct AvroDataTests {
    let format = AvroEventFormat()

    private func event(_ data: EventData, _ contentType: String? = "application/json") throws -> CloudEvent {
        try CloudEvent(id: "1", source: "/s", type: "t", dataContentType: contentType, data: data)
    }

    /// The bytes of the field `data`.
    private func field(_ data: EventData, _ contentType: String? = nil) throws -> [UInt8] {
        let attributes = contentType.map { [Avro.attribute("datacontenttype", 3, Avro.string($0))] } ?? []
        let record = try Array(format.encode(event(data, contentType)))
        let start = Avro.event(attributes, data: [])
        #expect(record.starts(with: start))
        return Array(record.dropFirst(start.count))
    }

    static let carried: [(String, [UInt8])] = [
        ("true", [4, 1]), ("false", [4, 0]), ("0", [10] + Avro.double(0)), ("-1.5", [10] + Avro.double(-1.5)),
        (#""""#, [12, 0]), (#""a""#, [12, 2, 0x61]), ("{}", [6, 0]), ("[]", [8, 0]),
        (
            #"{"n":null,"b":true,"d":0.5,"s":"\n"}"#,
            [6, 8, 2, 0x6E, 0, 2, 0x62, 2, 1, 2, 0x64, 6] + Avro.double(0.5) + [2, 0x73, 8, 2, 0x0A, 0]
        ),
        (#"{"o":{}}"#, [6, 2, 2, 0x6F, 4, 0, 0]),
        (#"[{},{"a":null}]"#, [8, 4, 0, 2, 2, 0x61, 0, 0, 0]),
        (
            #"{"o":{"b":false,"d":2,"s":"x","m":{"k":{}},"a":[{}]}}"#,
            [6, 2, 2, 0x6F, 4, 10, 2, 0x62, 2, 0, 2, 0x64, 8] + Avro.double(2)
                + [2, 0x73, 10, 2, 0x78, 2, 0x6D, 4, 2, 2, 0x6B, 0, 0, 2, 0x61, 6, 2, 0, 0, 0, 0]
        ),
    ]

    @Test("A JSON value has the types of the schema (V1, V3)", arguments: carried)
    func carriedValues(text: String, bytes: [UInt8]) throws {
        #expect(try field(.json(text)) == bytes)
        #expect(try field(.json(" \(text)\n"), "text/x+json") == bytes)
        // Text that is to be JSON is written as the value that it is (J5).
        #expect(try field(.text(text), "application/json") == bytes)
        let event = try format.decode(Avro.event(data: bytes))
        #expect(event.data == (try EventData.json(text)))
        #expect(event.dataContentType == nil)
    }

    @Test(
        "JSON that the schema has no types for goes as it is, as bytes (V3, C15)",
        arguments: [
            "[1]", "[null]", "[[]]", #"["a"]"#, #"{"a":[]}"#, #"{"a":{"b":[1]}}"#, #"{"a":{"b":{"c":1}}}"#,
            #"{"a":{"b":{"c":[]}}}"#, "[{},1]", "0.10000000000000000001", "9007199254740993", "1e400", "-1e-400",
            "18446744073709551615", "123456789012345678901234567890", #"{"a":1e999}"#,
            #"[{"a":3.14159265358979323846}]"#,
            " [1] ",
        ]
    )
    func beyondTheSchema(text: String) throws {
        let data = EventData(unchecked: .json, SharedBytes(utf8: text))
        #expect(try field(data, "application/json") == [0] + Avro.string(text))
        let again = try format.decode(format.encode(event(data, nil)))
        #expect(again.data == .binary(SharedBytes(utf8: text)))
        #expect(again.dataContentType == "application/json")
        #expect(try format.decode(format.encode(again)) == again)
    }

    @Test(
        "A member that is there twice is not written (V3)",
        arguments: [#"{"a":1,"a":1}"#, #"[{"\u0061":1,"a":[1]}]"#]
    )
    func duplicateMembers(text: String) throws {
        expectError(.notRepresentable, rule: "V3", attribute: "data") { try format.encode(event(.json(text))) }
        expectError(.notRepresentable, rule: "V3") { try format.encode(event(.text(text))) }
    }

    @Test("Names that only look alike are different members (V3)")
    func similarMembers() throws {
        let data = try EventData.json("{\"\u{E9}\":1,\"e\u{301}\":2}")
        #expect(try format.decode(format.encode(event(data))).data == data)
    }

    @Test(
        "Numbers keep their value (V3)",
        arguments: [
            ("0", "0"), ("-0", "-0"), ("-0.0e5", "-0"), ("0.000", "0"), ("1.50", "1.5"), ("10.0", "10"), ("1e2", "100"),
            ("100e-2", "1"), ("0.1", "0.1"), ("1e-7", "1e-07"), ("5e-324", "5e-324"), ("1E+300", "1e+300"),
            ("1.7976931348623157e308", "1.7976931348623157e+308"), ("9007199254740992", "9007199254740992"),
            ("1152921504606846976", "1152921504606846976"), ("-9223372036854775808", "-9.223372036854776e+18"),
            ("123456789.125", "123456789.125"), ("0e999999999999999999999", "0"),
            ("0.30000000000000004", "0.30000000000000004"),
        ]
    )
    func numbers(text: String, written: String) throws {
        let again = try format.decode(format.encode(event(.json("{\"n\":\(text)}")))).data
        if text == "-9223372036854775808" {
            // 2^63 itself is beyond the numbers that are written with all their digits.
            #expect(again.kind == .binary)
        } else {
            #expect(again == (try EventData.json("{\"n\":\(written)}")))
        }
    }

    @Test("Doubles that JSON does not have are refused (V3)", arguments: [Double.nan, .infinity, -.infinity])
    func notFinite(value: Double) {
        for data in [[10], [6, 2, 2, 0x61, 6], [8, 2, 2, 2, 0x61, 8]] as [[UInt8]] {
            expectError(.invalidData, rule: "V3", attribute: "data") {
                try format.decode(Avro.event(data: data + Avro.double(value) + [0, 0, 0]))
            }
        }
    }

    @Test("A string is JSON or text by the content type (V3, J6)")
    func strings() throws {
        func decode(_ contentType: String?) throws -> EventData {
            let attributes = contentType.map { [Avro.attribute("datacontenttype", 3, Avro.string($0))] } ?? []
            return try format.decode(Avro.event(attributes, data: [12] + Avro.string(#"{"a":1}"#))).data
        }
        let string = try EventData.json(#""{\"a\":1}""#)
        #expect(try decode("application/json") == string)
        #expect(try decode("text/x+JSON; v=1") == string)
        #expect(try decode(nil) == string)
        #expect(try decode("text/plain") == .text(#"{"a":1}"#))
        #expect(try decode("image/png") == .text(#"{"a":1}"#))
    }

    @Test("Bytes stay bytes, whatever the content type (V3)", arguments: [nil, "application/json", "text/plain"])
    func bytes(contentType: String?) throws {
        let event = try event(.binary([0x7B, 0x7D]), contentType)
        #expect(try format.decode(format.encode(event)) == event)
        let empty = try self.event(.binary([UInt8]()), contentType)
        #expect(try format.decode(format.encode(empty)) == empty)
    }

    @Test("Text that is not the JSON it is said to be goes as bytes (V3)")
    func textThatIsNoJSON() throws {
        #expect(try field(.text("{"), "application/json") == [0, 2, 0x7B])
        #expect(try field(.text("{"), "text/plain") == [12, 2, 0x7B])
        #expect(try field(.text("{}"), nil) == [12, 4, 0x7B, 0x7D])
    }

    @Test("A null payload is not the same as none (V3, J9)")
    func null() throws {
        #expect(try field(.absent) == [2])
        #expect(try field(.json("null"), "application/json") == [0] + Avro.string("null"))
        #expect(try field(.text("null"), "application/json") == [0] + Avro.string("null"))
        let again = try format.decode(format.encode(event(.json("null"), nil)))
        #expect(again.data == .binary(SharedBytes(utf8: "null")))
        #expect(again.dataContentType == "application/json")
        #expect(try format.decode(Avro.event(data: [2])).data == .absent)
    }

    @Test("JSON whose content type is not JSON is written in the same way by Avro, and as text by Protobuf (V3, P4)")
    func disputedJSON() throws {
        let values: [(String, EventData)] = [
            ("{}", try .json("{}")), ("1.5", try .json("1.5")), (#""a\n""#, .text("a\n")),
            ("null", .binary(SharedBytes(utf8: "null"))), ("[1]", .binary(SharedBytes(utf8: "[1]"))),
        ]
        for (text, data) in values {
            let event = try event(.json(text), "text/plain")
            let again = try format.decode(format.encode(event))
            #expect(again.data == data && again.dataContentType == "text/plain")
            let message = try ProtobufEventFormat().decode(ProtobufEventFormat().encode(event))
            #expect(message.data == .text(text) && message.dataContentType == "text/plain")
        }
    }

    @Test("Maps and arrays in blocks keep their order (V1)")
    func blocks() throws {
        let items = ["c", "a", "b"].map { Avro.string($0) + [2, 1] }
        let sized = Avro.long(-2) + Avro.long(Int64(items[0].count + items[1].count)) + items[0] + items[1]
        let map = try format.decode(Avro.event(data: [6] + sized + Avro.long(1) + items[2] + [0]))
        #expect(map.data.text == #"{"c":true,"a":true,"b":true}"#)
        let array = try format.decode(Avro.event(data: [8, 1, 2, 0, 2, 0, 0]))
        #expect(array.data.text == "[{},{}]")
    }

    @Test("A map has a key once (V3)")
    func duplicateKeys() {
        let items = [Avro.string("a") + [0], Avro.string("a") + [0]]
        for data in [
            [6] + Avro.block(items), [6, 2] + items[0] + [2] + items[1] + [0], [8, 2] + Avro.block(items) + [0],
        ] {
            expectError(.invalidData, rule: "V3", attribute: "data") { try format.decode(Avro.event(data: data)) }
        }
    }

    @Test("Each of many names is remembered (V3)", arguments: [2, 15, 16, 17, 18, 40])
    func manyNames(count: Int) throws {
        let items = (0..<count).map { Avro.string("m\($0)") + [0] }
        #expect(try format.decode(Avro.event(data: [6] + Avro.block(items))).data.kind == .json)
        for item in items {
            expectError(.invalidData, rule: "V3") {
                try format.decode(Avro.event(data: [6] + Avro.block(items + [item])))
            }
        }
    }

    @Test("JSON that went through Avro is a JSON value in JSON again (J5)")
    func jsonToJSON() throws {
        let json = JSONEventFormat()
        for text in Self.carried.map(\.0) {
            let event = try event(.json(text), nil)
            let again = try json.decode(json.encode(format.decode(format.encode(event))))
            #expect(again == event)
        }
    }
}
