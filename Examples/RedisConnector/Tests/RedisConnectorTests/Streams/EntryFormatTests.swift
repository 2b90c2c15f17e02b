// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect
import Testing

@testable import RedisConnector

@Suite("Entries and records", .serialized, .timeLimit(.minutes(10)))
struct EntryFormatTests {
    /// What is written in a format and read in one.
    private static func carried(_ record: ConnectorRecord, _ writing: EntryFormat, _ reading: EntryFormat = .auto)
        throws
        -> ConnectorRecord
    {
        let fields = EntryFields(data: "data")
        let defaults = EventDefaults(pipeline: "test", connectorType: "redis-stream")
        let words = try EntryEncoder(writing, fields, defaults).words(of: record)
        var bytes: [UInt8] = []
        var nodes = [RedisReplies.Node(kind: .array, start: 0, count: words.count, end: words.count + 1)]
        for word in words {
            nodes.append(.init(kind: .text, start: bytes.count, count: word.count, end: nodes.count + 1))
            bytes += Array(word)
        }
        let replies = RedisReplies(bytes: SharedBytes(bytes), nodes: nodes, roots: [0])
        let id = try #require(EntryID("1732200000000-7"))
        return try EntryDecoder(reading, fields).record(in: replies, at: 0, id, RecordPartition("s"))
    }

    private static var event: ConnectorRecord {
        get throws {
            var record = ConnectorRecord(try .json(SharedBytes(utf8: #"{"total":12.50}"#)))
            record.id = "A-1"
            record.source = "/shop"
            record.type = "com.example.order"
            record.subject = "größer"
            record.time = try Timestamp("2026-11-21T12:00:00Z")
            record.contentType = "application/json"
            record.key = .text("k")
            record[extension: "region"] = .string("eu")
            return record
        }
    }

    @Test("An event comes back as it was, in binary and in structured mode", arguments: ["binary", "structured"])
    func events(mode: String) throws {
        var format = EntryFormat.cloudEventsBinary
        if mode == "structured" { format = .cloudEventsStructured }
        let record = try Self.event
        var found = try Self.carried(record, format)
        #expect(found.offset == EntryID("1732200000000-7")?.offset && found.partition.name == "s")
        found.partition = .single
        found.offset = nil
        #expect(found == record)
    }

    @Test("Bytes, key, content type and headers come back in the format raw")
    func raw() throws {
        var record = ConnectorRecord(.bytes([0, 255, 13, 10]))
        record.key = .bytes([1, 0])
        record.contentType = "application/octet-stream"
        record.headers = [RecordHeader("h", "1"), RecordHeader("h", "2")]
        for reading in [EntryFormat.auto, .raw] {
            let found = try Self.carried(record, .raw, reading)
            #expect(found.data == record.data && found.key == record.key && found.headers == record.headers)
            #expect(found.contentType == record.contentType)
        }
        #expect(try Self.carried(ConnectorRecord(.absent), .raw).data.isAbsent)
        #expect(try Self.carried(ConnectorRecord(.bytes([])), .raw).data == .bytes([]))
    }

    @Test("Plain fields are an object, and an object becomes plain fields")
    func plain() throws {
        let object = StructuredValue.object([
            "name": .string("n"), "count": .integer(7), "bytes": .bytes(SharedBytes([255])),
            "tags": .array([.string("a"), .string("b")]),
        ])
        let found = try Self.carried(ConnectorRecord(.structured(object)), .fields)
        let expected = StructuredValue.object([
            "name": .string("n"), "count": .string("7"), "bytes": .bytes(SharedBytes([255])),
            "tags": .array([.string("a"), .string("b")]),
        ])
        #expect(try found.data.structured == expected)
        for other: RecordData in ["no object", .absent, .structured(.object(StructuredObject()))] {
            #expect(throws: ConnectorError.self) { try Self.carried(ConnectorRecord(other), .fields) }
        }
    }

    @Test("Fields whose names differ in their bytes are two members")
    func names() throws {
        let object = StructuredValue.object(
            StructuredObject([("\u{E9}", .string("composed")), ("e\u{301}", .string("decomposed"))])
        )
        let found = try Self.carried(ConnectorRecord(.structured(object)), .fields)
        #expect(try found.data.structured == object)
    }

    @Test("A header that would be taken for another field is refused", arguments: ["data", "key", "content-type", ""])
    func reserved(name: String) {
        var record = ConnectorRecord("a")
        record.headers = [RecordHeader(name, "x")]
        let error = #expect(throws: ConnectorError.self) { try Self.carried(record, .raw) }
        #expect(error?.code == .invalidRecord)
    }

    @Test(arguments: [
        "", "-", "1", "1-", "-1", "1-2-3", "a-1", "18446744073709551616-0", "1-18446744073709551616", "+1-1",
    ])
    func `what is no ID is none`(text: String) { #expect(EntryID(text) == nil) }

    @Test(
        "IDs and offsets stand for each other",
        arguments: ["0-1", "1732200000000-42", "18446744073709551615-18446744073709551615"]
    )
    func offsets(text: String) throws {
        let id = try #require(EntryID(text))
        #expect(id.description == text)
        #expect(EntryID(id.offset) == id)
    }

    @Test(arguments: [
        ("localhost", "localhost:6379"), ("a:1", "a:1"), ("[::1]:7", "[::1]:7"), ("[::1]", "[::1]:6379"),
        ("unix:/run/r.sock", "unix:/run/r.sock"), ("", nil), (":6379", nil), ("a:0", nil), ("a:x", nil), ("a b:1", nil),
        ("u:p@host:1", nil), ("a:65536", nil),
    ])
    func `addresses are read`(text: String, expected: String?) { #expect(RedisEndpoint(text)?.description == expected) }

    @Test(arguments: [
        "redis://u:hunter2@host:6379", "u:hunter2@host:6379", "rediss://host/?password=hunter2",
        "host:6380,password=hunter2,ssl=True", "host,password=hunter2", "host?password=hunter2", "host;pwd=hunter2",
    ])
    func `a URL or a connection string is refused without its password`(text: String) throws {
        let error = try #require(throws: (any Error).self) { try RedisEndpoint(setting: SettingInput(text)) }
        let words = "\(error)"
        #expect(words.contains("localhost:6379") && words.contains("username") && !words.contains("hunter2"))
    }
}
