// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import Testing

/// What data and times become in Protocol Buffers.
struct ProtobufDataTests {
    let format = ProtobufEventFormat()

    private func event(
        _ data: EventData,
        _ contentType: String? = nil,
        schema: URI? = nil
    ) throws -> CloudEvent {
        try CloudEvent(id: "1", source: "/s", type: "t", dataContentType: contentType, dataSchema: schema, data: data)
    }

    @Test("Text goes into text_data, bytes go into binary_data (P4)")
    func fields() throws {
        let cases: [(EventData, [UInt8])] = [
            (.absent, []), (.text("é"), Proto.string(7, "é")), (.text(""), Proto.string(7, "")),
            (.binary([UInt8]()), Proto.bytes(6, [])), (.binary([0xFF]), Proto.bytes(6, [0xFF])),
        ]
        for (data, field) in cases {
            let message = Proto.required + field
            #expect(try Array(format.encode(event(data))) == message)
            #expect(try format.decode(message).data == data)
        }
    }

    @Test("JSON is text, with a content type that says so (P4, C15)")
    func json() throws {
        let data = try EventData.json(#" {"a": 1.50} "#)
        let written = try format.encode(event(data))
        let expected =
            Proto.required + Proto.attribute("datacontenttype", Proto.text("application/json"))
            + Proto.string(7, #"{"a": 1.50}"#)
        #expect(Array(written) == expected)
        let again = try format.decode(written)
        #expect(again.data == .text(#"{"a": 1.50}"#))
        #expect(again.dataContentType == "application/json")
        #expect(try format.decode(format.encode(event(data, "text/x+json"))).dataContentType == "text/x+json")
    }

    @Test("JSON that went through Protocol Buffers is a JSON value in JSON again (J5)")
    func jsonToJSON() throws {
        let json = JSONEventFormat()
        for data in [#"{"a":[1.50,null]}"#, "null", #""text""#, "[]", "7"] {
            let text = #"{"specversion":"1.0","id":"1","source":"/s","type":"t","data":\#(data)}"#
            let carried = try format.decode(format.encode(json.decode(SharedBytes(utf8: text))))
            let again = try json.decode(json.encode(carried))
            #expect(again.data == (try EventData.json(data)))
        }
    }

    @Test("Of several data fields the last one counts, as in any oneof (P1)")
    func lastDataCounts() throws {
        let bytes = Proto.bytes(6, [1])
        let text = Proto.string(7, "t")
        let any = Proto.any("type.googleapis.com/a.B", [2])
        #expect(try format.decode(Proto.required + bytes + text).data == .text("t"))
        #expect(try format.decode(Proto.required + text + bytes).data == .binary([1]))
        #expect(try format.decode(Proto.required + any + bytes).dataSchema == nil)
        #expect(try format.decode(Proto.required + bytes + any).data == .binary([2]))
        // Pieces of one message are one message; a message behind other data begins anew.
        let pieces = Proto.bytes(8, Proto.string(1, "urn:a/b.C")) + Proto.bytes(8, Proto.bytes(2, [3]))
        #expect(try format.decode(Proto.required + pieces).dataSchema == "urn:a/b.C")
        #expect(try format.decode(Proto.required + pieces).data == .binary([3]))
        let broken = Proto.bytes(8, Proto.string(1, "urn:a/b.C")) + text + Proto.bytes(8, Proto.bytes(2, [3]))
        #expect(try format.decode(Proto.required + broken).dataSchema == nil)
    }

    @Test(
        "A message is its bytes, its type URL is the dataschema (P3, C15)",
        arguments: [
            ("type.googleapis.com/pkg.Message", "https://type.googleapis.com/pkg.Message"),
            ("https://example.com/pkg.Message", "https://example.com/pkg.Message"),
            ("http://example.com/a/pkg.v1.Message", "http://example.com/a/pkg.v1.Message"),
            ("urn:x/pkg.Message", "urn:x/pkg.Message"), ("host:80/pkg.Message", "host:80/pkg.Message"),
            ("/pkg.Message", "https:///pkg.Message"), ("example.com/Message", "https://example.com/Message"),
            ("", nil),
        ] as [(String, String?)]
    )
    func messages(typeURL: String, schema: String?) throws {
        let read = try format.decode(Proto.required + Proto.any(typeURL, [8, 1]))
        #expect(read.data == .binary([8, 1]))
        #expect(read.dataContentType == "application/protobuf")
        #expect(read.dataSchema?.string == schema)
        #expect(try format.decode(format.encode(read)) == read)
        // The type URL goes out as it came, but for a scheme that is meant anyway.
        let written = try Array(format.encode(read))
        let short = typeURL.hasPrefix("https://") ? String(typeURL.dropFirst(8)) : typeURL
        #expect(written.contains(Proto.any(short, [8, 1])) == (schema != nil))
    }

    @Test("A content type and a dataschema that are there stay (P3)")
    func givenSchema() throws {
        let given =
            Proto.required + Proto.attribute("datacontenttype", Proto.text("application/x-protobuf"))
            + Proto.attribute("dataschema", Proto.string(5, "http://localhost/schema"))
        let read = try format.decode(given + Proto.any("type.googleapis.com/a.B", [1]))
        #expect(read.dataContentType == "application/x-protobuf")
        #expect(read.dataSchema == "http://localhost/schema")
        // A content type other than that of the specification is no sign of a message.
        #expect(try Array(format.encode(read)).contains(Proto.bytes(6, [1])))
    }

    @Test("A dataschema may be the type URL itself, without a scheme (P3)", arguments: [3, 5, 6] as [UInt64])
    func schemaIsTypeURL(field: UInt64) throws {
        let url = "type.googleapis.com/a.B"
        let schema = Proto.attribute("dataschema", Proto.string(field, url))
        // The fields may come in any order.
        for message in [schema + Proto.any(url, [1]), Proto.any(url, [1]) + schema] {
            #expect(try format.decode(message + Proto.required).dataSchema == "https://type.googleapis.com/a.B")
        }
        #expect(throws: CloudEventError.self) { try format.decode(Proto.required + schema) }
        #expect(throws: CloudEventError.self) {
            try format.decode(Proto.required + schema + Proto.any("type.googleapis.com/a.C", [1]))
        }
    }

    @Test(
        "A type URL that is no URL is refused where it would be the dataschema (P3)",
        arguments: ["a b/c", "é/x", "a#b"]
    )
    func noURL(typeURL: String) throws {
        let message = Proto.required + Proto.any(typeURL, [1])
        expectError(.invalidData, rule: "P3", attribute: "dataschema") { try format.decode(message) }
        let schema = Proto.attribute("dataschema", Proto.string(5, "urn:x"))
        #expect(try format.decode(message + schema).dataSchema == "urn:x")
    }

    @Test(
        "Bytes are a message where content type and dataschema say so (P3)",
        arguments: [
            ("application/protobuf", "https://example.com/pkg.Message", true),
            ("APPLICATION/Protobuf; v=1", "https://example.com/pkg.Message", true),
            ("application/protobuf", "http://example.com/m", true),
            ("application/protobuf", "https://example.com/pkg.proto", false),
            ("application/protobuf", "https://example.com/pkg.Message?v=1", false),
            ("application/protobuf", "https://example.com/", false),
            ("application/protobuf", "https://example.com/1a.B", false),
            ("application/protobuf", "https://example.com/a..B", false),
            ("application/protobuf", "urn:pkg.Message", false),
            ("application/json", "https://example.com/pkg.Message", false),
            (nil, "https://example.com/pkg.Message", false), ("application/protobuf", nil, false),
        ] as [(String?, String?, Bool)]
    )
    func writtenAsMessage(contentType: String?, schema: String?, isMessage: Bool) throws {
        let event = try event(.binary([1]), contentType, schema: schema.map { try URI($0) })
        let written = try Array(format.encode(event))
        #expect(written.contains(Proto.bytes(6, [1])) == !isMessage)
        #expect(try format.decode(written) == event)
    }

    @Test("Text with the content type of messages stays text (P4)")
    func textOfProtobuf() throws {
        let event = try event(.text("a: 1"), "application/protobuf", schema: "https://example.com/pkg.Message")
        #expect(try format.decode(format.encode(event)) == event)
    }

    @Test("Data is cut out of the input without a copy")
    func sharing() throws {
        let payload = [UInt8](repeating: 65, count: 1000)
        for field in [
            Proto.bytes(6, payload), Proto.bytes(7, payload), Proto.bytes(8, Proto.bytes(2, payload)),
        ] {
            let input = SharedBytes(Proto.required + Proto.attribute("x", Proto.bytes(4, payload)) + field)
            let event = try format.decode(input)
            #expect(event.data.bytes.bufferIdentity == input.bufferIdentity)
            #expect(event.data.bytes.retainedCapacity == input.retainedCapacity)
            #expect(event.detached().data.bytes.retainedCapacity < 1100)
            let batch = SharedBytes(Proto.bytes(1, Array(input)))
            #expect(try format.decodeBatch(batch)[0].data.bytes.bufferIdentity == batch.bufferIdentity)
        }
    }

    @Test(
        "A time keeps its instant and loses only its text (T7, P2)",
        arguments: [
            "2018-04-26T14:48:09+02:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z",
            "1969-12-31t00:00:00.10-00:00", "2020-01-01T00:00:00.123456789000Z",
        ]
    )
    func times(text: String) throws {
        let time = try Timestamp(text)
        var event = try event(.absent)
        event.time = time
        try event.setExtension("x", to: .timestamp(time))
        let again = try format.decode(format.encode(event))
        #expect(again == event)
        #expect(again.time?.offsetMinutes == 0)
    }

    @Test(
        "A time that a Timestamp cannot name is not changed into another one (P2)",
        arguments: [
            "2016-12-31T23:59:60Z", "2020-01-01T00:00:00.1234567891Z", "0000-12-31T23:59:59Z",
            "9999-12-31T23:59:59-00:01", "0001-01-01T00:00:00+00:01",
        ]
    )
    func timesBeyond(text: String) throws {
        var event = try event(.absent)
        event.time = try Timestamp(text)
        expectError(.notRepresentable, rule: "P2", attribute: "time") { try format.encode(event) }
        expectError(.notRepresentable) { try format.encodeBatch([event]) }
        event.time = nil
        try event.setExtension("x", to: .timestamp(try Timestamp(text)))
        expectError(.notRepresentable, rule: "P2", attribute: "x") { try format.encode(event) }
    }

    @Test(
        "A Timestamp out of its range is refused (P2)",
        arguments: [
            (253_402_300_800, 0), (-62_135_596_801, 0), (Int64.max, 0), (Int64.min, 0), (0, -1), (0, 1_000_000_000),
            (0, Int64(Int32.min)), (0, Int64(Int32.max)),
        ] as [(Int64, Int64)]
    )
    func timestampRange(seconds: Int64, nanos: Int64) {
        let value =
            Proto.number(1, UInt64(bitPattern: seconds)) + Proto.number(2, UInt64(bitPattern: nanos))
        expectError(.invalidValue, rule: "P2", attribute: "time") {
            try format.decode(Proto.required + Proto.attribute("time", Proto.bytes(7, value)))
        }
    }
}
