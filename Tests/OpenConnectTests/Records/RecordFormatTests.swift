// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect
import Testing

@Suite("Record formats")
struct RecordFormatTests {
    private func encode(_ format: some RecordFormat, _ data: RecordData, _ contentType: String? = nil) throws
        -> EncodedRecord
    {
        var record = ConnectorRecord(data, offset: RecordOffset(1))
        record.contentType = contentType
        return try format.encode(record, defaults: .test)
    }

    private func bytes(_ text: String) -> SharedBytes { SharedBytes(utf8: text) }

    private static let all: [any RecordFormat] = [
        RawFormat.raw, TextFormat.text, JSONFormat.json, StructuredEventFormat.cloudEventsStructured,
        BinaryEventFormat.cloudEventsBinary,
    ]

    @Test("Each format has a name of its own")
    func names() {
        #expect(
            Self.all.map(\.name) == ["raw", "text", "json", "cloudevents-structured", "cloudevents-binary"]
        )
    }

    @Test("S47: raw is the payload as it is, with key, headers and content type", arguments: [nil, "a/b"] as [String?])
    func raw(contentType: String?) throws {
        var record = ConnectorRecord(.bytes([0xFF, 0]))
        record.key = .bytes([1])
        record.headers = [RecordHeader("a", "1"), RecordHeader("a", "2")]
        record.contentType = contentType
        let encoded = try RawFormat.raw.encode(record, defaults: .test)
        #expect(encoded.bytes == SharedBytes([0xFF, 0]) && encoded.key == SharedBytes([1]) && !encoded.isAbsent)
        #expect(encoded.headers == record.headers && encoded.contentType == contentType)
        #expect(try RawFormat.raw.decode(encoded) == record)
        #expect(try encode(.raw, .structured(.integer(5))).bytes == bytes("5"))
    }

    @Test("Absence is something else than no bytes, in every format", arguments: 0..<5)
    func tombstones(index: Int) throws {
        let format = Self.all[index]
        let encoded = try format.encode(ConnectorRecord(.absent, offset: RecordOffset(1)), defaults: .test)
        #expect(encoded.isAbsent == (index != 3))
        #expect(try format.decode(encoded).data == .absent)
    }

    @Test("Text has to be UTF-8, both ways")
    func text() throws {
        let encoded = try encode(.text, "é")
        #expect(encoded == EncodedRecord(bytes("é"), contentType: "text/plain"))
        #expect(try TextFormat.text.decode(encoded).data == "é")
        #expect(try encode(.text, .bytes(bytes("é")), "text/csv").contentType == "text/csv")
        expectError(mentioning: "not valid UTF-8 (byte 3)") { try encode(.text, .bytes([0x61, 0xC3, 0xA9, 0xC3])) }
        expectError(mentioning: "byte 0") { try TextFormat.text.decode(EncodedRecord(SharedBytes([0xFF]))) }
    }

    @Test("JSON has to be JSON, both ways")
    func json() throws {
        for data: RecordData in [.text(" 1.50\n"), .bytes(bytes("1.50")), .json(checked: bytes("1.50"))] {
            #expect(try encode(.json, data) == EncodedRecord(bytes("1.50"), contentType: "application/json"))
        }
        #expect(try encode(.json, .structured(.string("a"))).bytes == bytes("\"a\""))
        #expect(try JSONFormat.json.decode(EncodedRecord(bytes("{} "))).data == .json(bytes("{}")))
        expectError(mentioning: "byte 0") { try encode(.json, "hello") }
        expectError(mentioning: "byte 1") { try JSONFormat.json.decode(EncodedRecord(bytes("{"))) }
        expectError(mentioning: "not finite") { try encode(.json, .structured(.double(.nan))) }
    }

    @Test("A key that is text is read as text, any other as bytes")
    func keys() throws {
        for format in [TextFormat.text, JSONFormat.json] as [any RecordFormat] {
            #expect(try format.decode(EncodedRecord(bytes("1"), key: bytes("k"))).key == "k")
            #expect(try format.decode(EncodedRecord(bytes("1"), key: SharedBytes([0xFF]))).key == .bytes([0xFF]))
        }
    }

    @Test("A structured event holds everything in its bytes")
    func structured() throws {
        for seed in 0..<2000 {
            var generator = RecordGenerator(seed: UInt64(seed))
            var record = try generator.record()
            // JSON cannot tell bytes from text: these become a key.
            if case .binary? = record[extension: "partitionkey"] { record[extension: "partitionkey"] = nil }
            let format = StructuredEventFormat(options: [])
            let encoded = try format.encode(record, defaults: .test)
            #expect(encoded.contentType == "application/cloudevents+json" && encoded.headers.isEmpty)
            let decoded = try format.decode(encoded)
            let direct = try ConnectorRecord(event: record.event(defaults: .test))
            #expect(decoded.data.bytes == direct.data.bytes && decoded.key == direct.key, "seed \(seed)")
            #expect(decoded.headers == direct.headers && decoded.timestamp == direct.timestamp)
            #expect(decoded.id == direct.id && decoded.subject == direct.subject && decoded.time == direct.time)
        }
    }

    @Test("A structured event takes key and headers of the transport where it has none")
    func transport() throws {
        var encoded = try encode(.cloudEventsStructured, "a")
        encoded.key = bytes("k")
        encoded.headers = [RecordHeader("h", "1")]
        let record = try StructuredEventFormat.cloudEventsStructured.decode(encoded)
        #expect(record.key == "k" && record.headers == encoded.headers && record.data == "a")
        expectError(mentioning: "missingAttribute") {
            try StructuredEventFormat.cloudEventsStructured.decode(EncodedRecord(bytes("{}")))
        }
    }

    @Test("A binary event has its attributes in headers and its data in the bytes")
    func binary() throws {
        var record = ConnectorRecord("data", offset: RecordOffset(1))
        record.headers = [RecordHeader("trace", "1")]
        record.subject = "é"
        record.time = try Timestamp("2026-01-02T03:04:05Z")
        record[extension: "count"] = 3
        let format = BinaryEventFormat.cloudEventsBinary
        let encoded = try format.encode(record, defaults: .test)
        #expect(encoded.bytes == bytes("data") && encoded.contentType == "text/plain")
        let expected = [
            ("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "urn:openconnect:orders"),
            ("ce-type", "org.openconnect.test.record"), ("ce-subject", "é"), ("ce-time", "2026-01-02T03:04:05Z"),
            ("ce-count", "3"), ("trace", "1"),
        ]
        #expect(encoded.headers == expected.map { RecordHeader($0, $1) })
        let decoded = try format.decode(encoded)
        #expect(decoded.data == "data" && decoded.subject == "é" && decoded.time == record.time)
        #expect(decoded.headers == record.headers && decoded[extension: "count"] == "3")
    }

    @Test("A record's header that looks like an attribute is carried, not mixed up")
    func ambiguousHeaders() throws {
        var record = ConnectorRecord("data", offset: RecordOffset(1))
        record.headers = [RecordHeader("a", "1"), RecordHeader("CE-ID", "2")]
        let encoded = try BinaryEventFormat.cloudEventsBinary.encode(record, defaults: .test)
        #expect(encoded.headers.allSatisfy { $0.name.hasPrefix("ce-") })
        let decoded = try BinaryEventFormat.cloudEventsBinary.decode(encoded)
        #expect(decoded.headers == record.headers && decoded.id == "1")
    }

    @Test("JSON without a content type is read back as JSON from a binary event")
    func binaryJSON() throws {
        for data: RecordData in [.json(checked: bytes("[1]")), .structured(.array([.integer(1)]))] {
            let encoded = try encode(.cloudEventsBinary, data)
            #expect(encoded.contentType == "application/json")
            #expect(try BinaryEventFormat.cloudEventsBinary.decode(encoded).data == data)
        }
    }

    @Test(
        "Headers that are no event are refused with the attribute's name",
        arguments: [
            (["ce-id": "1", "ce-source": "/", "ce-type": "t"], "specversion"),
            (["ce-specversion": "1.0", "ce-source": "/", "ce-type": "t"], "id"),
            (["ce-specversion": "0.2", "ce-id": "1", "ce-source": "/", "ce-type": "t"], "version"),
            (["ce-specversion": "1.0", "ce-id": "1", "ce-source": "%", "ce-type": "t"], "source"),
            (["ce-specversion": "1.0", "ce-id": "1", "ce-source": "/", "ce-type": "t", "ce-time": "now"], "time"),
            (["ce-specversion": "1.0", "ce-id": "1", "ce-source": "/", "ce-type": "t", "ce-a_b": "1"], "a_b"),
            (["ce-specversion": "1.0", "ce-\u{301}id": "1", "ce-source": "/", "ce-type": "t"], "id"),
            (["ce-specversion": "1.0", "ce-id": "1", "CE-ID": "2", "ce-source": "/", "ce-type": "t"], "twice"),
        ]
    )
    func badHeaders(headers: [String: String], word: String) {
        let encoded = EncodedRecord(bytes("x"), headers: headers.map { RecordHeader($0.key, $0.value) })
        expectError(mentioning: word) { try BinaryEventFormat.cloudEventsBinary.decode(encoded) }
    }

    @Test("SDK7: headers of version 0.3 become those of 1.0")
    func earlierVersion() throws {
        let headers = [
            "ce-specversion": "0.3", "ce-id": "1", "ce-source": "/", "ce-type": "t",
            "ce-schemaurl": "https://example.com/schema",
        ]
        let encoded = EncodedRecord(bytes("x"), headers: headers.map { RecordHeader($0.key, $0.value) })
        let record = try BinaryEventFormat.cloudEventsBinary.decode(encoded)
        #expect(record.id == "1" && record.schema == "https://example.com/schema" && record.extensions.isEmpty)
    }

    @Test("An application adds a format of its own")
    func ownFormat() throws {
        struct Reversed: RecordFormat {
            var name: String { "reversed" }
            func encode(_ record: ConnectorRecord, defaults: EventDefaults) throws -> EncodedRecord {
                EncodedRecord(SharedBytes(record.data.bytes.reversed()))
            }
            func decode(_ encoded: EncodedRecord) throws -> ConnectorRecord {
                ConnectorRecord(.bytes(encoded.bytes.reversed()))
            }
        }
        let encoded = try encode(Reversed(), "abc")
        #expect(encoded.bytes == bytes("cba"))
        #expect(try Reversed().decode(encoded).data.text == "abc")
    }
}
