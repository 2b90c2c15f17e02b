// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectRuntimeKit
import OpenConnect
import Testing

@Suite("Fields: attributes, headers, key and position")
struct FieldTargetTests {
    private func record() throws -> ConnectorRecord {
        var record = ConnectorRecord(
            try .json(SharedBytes(utf8: #"{"kind":"order","id":"o-1","at":"2026-01-02T03:04:05Z","n":7}"#)),
            partition: RecordPartition("log"),
            offset: RecordOffset(42),
            timestamp: RecordTimestamp(nanosecondsSince1970: 1_767_323_045_250_000_000)
        )
        record.headers = [RecordHeader("a", "1"), RecordHeader("b", SharedBytes([0xFF])), RecordHeader("a", "2")]
        record[extension: "tenant"] = "acme"
        return record
    }

    private func made(_ operations: FieldOperation...) async throws -> ConnectorRecord {
        try await FieldsFunction(operations).one(try record())
    }

    @Test("Attributes are set from fields and constants, each in its own type")
    func attributes() async throws {
        let made = try await made(
            .set("type", from: RecordTemplate(text: "com.example.${data.kind}")),
            .set("source", to: .string("/orders")),
            .copy("data.id", to: "subject"),
            .copy("data.at", to: "time"),
            .set("dataschema", to: .string("https://example.com/schema")),
            .set("datacontenttype", to: .string("application/json")),
            .copy("data.n", to: "count"),
            .copy("offset", to: "extensions.offset"),
            .set("extensions.big", to: .integer(5_000_000_000)),
            .set("flag", to: .boolean(true)),
            .copy("data", to: "all")
        )
        #expect(made.type == "com.example.order" && made.source == "/orders" && made.subject == "o-1")
        #expect(made.time == (try Timestamp("2026-01-02T03:04:05Z")))
        #expect(made.schema == "https://example.com/schema" && made.contentType == "application/json")
        #expect(made[extension: "count"] == .integer(7) && made[extension: "offset"] == .integer(42))
        #expect(made[extension: "big"] == .string("5000000000") && made[extension: "flag"] == .boolean(true))
        #expect(made[extension: "all"] == .string(try #require(try record().data.text)))
        #expect(made.position == (try record().position) && made.id == nil)
        _ = try made.event(defaults: EventDefaults(pipeline: "p", connectorType: "c"))
    }

    @Test("Attributes are read, the id also where it is made, and removed")
    func readingAttributes() async throws {
        let made = try await made(
            .copy("id", to: "data.made"),
            .copy("specversion", to: "data.version"),
            .copy("timestamp", to: "data.time"),
            .copy("position", to: "data.position"),
            .copy("extensions.tenant", to: "data.tenant"),
            .keep(["made", "version", "time", "position", "tenant"]),
            .remove("tenant"),
            .set("subject", to: .string("s")),
            .set("subject", to: .null)
        )
        #expect(
            made.data.text == #"{"made":"log:42","version":"1.0","time":"2026-01-02T03:04:05.250Z","#
                + #""position":{"partition":"log","offset":42},"tenant":"acme"}"#
        )
        #expect(made.extensions.isEmpty && made.subject == nil)
        #expect(try await self.made(.set("id", to: .string("own"))).id == "own")
        #expect(try await self.made(.set("id", to: .string("own")), .remove("id")).id == nil)
    }

    @Test("What a record has of its partition can be removed, set to null and moved")
    func partitionDefaults() async throws {
        let defaults = RecordDefaults(
            source: "/files",
            type: "line",
            contentType: "text/plain",
            schema: "https://example.com/schema",
            subject: { offset, _ in offset.map { "\($0)" } }
        )
        var record = try record()
        record.partition = RecordPartition("log", defaults: defaults)
        record.headers = []
        let operations: [FieldOperation] = [
            .move("subject", to: "data.at"), .remove("datacontenttype"), .set("dataschema", to: .null),
        ]
        let made = try await FieldsFunction(operations).one(record)
        #expect(made.subject == nil && made.contentType == nil && made.schema == nil)
        #expect(made.source == "/files" && made.type == "line" && made.partition == record.partition)
        #expect(made.data.text?.contains("\"at\":\"42\"") == true, "\(made.data)")
    }

    @Test("What an attribute cannot be is an error that names it")
    func wrongAttributes() async throws {
        let cases: [(FieldOperation, String)] = [
            (.copy("data", to: "type"), "an attribute is a text, and not an object"),
            (.set("type", to: .string("")), "empty"), (.set("source", to: .string("a b")), "source"),
            (.set("dataschema", to: .string("#x")), "dataschema"), (.copy("data.id", to: "time"), "no time"),
            (.copy("data.n", to: "time"), "convert it"), (.set("tenant", to: .string("\u{0}")), "extension"),
            (.copy("data.id", to: "timestamp"), "no time"), (.set("headers", to: .integer(1)), "headers are an object"),
            (.set("extensions", to: .object(["No": .null])), "cannot have the name"),
            (.rename(in: "extensions", .uppercased), "cannot have the name"),
        ]
        for (operation, reason) in cases {
            let error = await #expect(throws: ConnectorError.self) { try await made(operation) }
            #expect(
                error?.code == .invalidRecord && error?.message.contains(reason) == true,
                "\(operation): \(error?.message ?? "")"
            )
            #expect(error?.position?.offset == RecordOffset(42))
        }
    }

    @Test("Headers: the last of a name is read, one is left where it is set")
    func headers() async throws {
        let made = try await made(
            .copy("headers.a", to: "data.a"),
            .copy("headers.b", to: "data.b"),
            .set("headers.a", to: .integer(3)),
            .move("data.kind", to: "headers.kind"),
            .remove("headers.b", "headers.none"),
            .extract("data.a")
        )
        #expect(made.data.text == "\"2\"")
        #expect(made.headers == [RecordHeader("a", "3"), RecordHeader("kind", "order")])
        #expect(
            try await self.made(.keep(["a"], in: "headers")).headers == [
                RecordHeader("a", "1"), RecordHeader("a", "2"),
            ]
        )
        #expect(
            try await self.made(.rename(in: "headers", .addingPrefix("x-"))).headers.map(\.name) == [
                "x-a", "x-b", "x-a",
            ]
        )
        #expect(try await self.made(.remove("headers")).headers.isEmpty)
        #expect(
            try await self.made(.set("headers", to: .object(["x": .integer(1)]))).headers == [RecordHeader("x", "1")]
        )
        let all = try await self.made(.copy("headers", to: "data"))
        #expect(all.data.text == #"{"a":"2","b":"/w=="}"#)
    }

    @Test("Extensions as a whole")
    func extensions() async throws {
        let made = try await made(.set("region", to: .string("eu")), .rename(in: "extensions", .addingPrefix("x")))
        #expect(made.extensions == [EventExtension("xtenant", "acme"), EventExtension("xregion", "eu")])
        #expect(try await self.made(.keep(["none"], in: "extensions")).extensions.isEmpty)
        #expect(try await self.made(.remove("extensions")).extensions.isEmpty)
        #expect(try await self.made(.copy("extensions", to: "data")).data.text == #"{"tenant":"acme"}"#)
        let set = try await self.made(.set("extensions", to: .object(["a": .integer(1), "b": .null])))
        #expect(set.extensions == [EventExtension("a", 1)])
    }

    @Test("A key is text where it can be one, and else JSON")
    func keys() async throws {
        #expect(try await made(.copy("data.id", to: "key")).key == "o-1")
        #expect(try await made(.copy("data.n", to: "key")).key == "7")
        let two = try await made(.copy("data.id", to: "key.id"), .copy("data.n", to: "key.n"))
        #expect(two.key?.text == #"{"id":"o-1","n":7}"# && two.key?.form == .json)
        let back = try await FieldsFunction(.extract("key.id"), .copy("key", to: "subject")).one(two)
        #expect(back.key == "o-1" && back.subject == "o-1")
        #expect(try await FieldsFunction(.remove("key")).one(two).key == nil)
        #expect(try await FieldsFunction(.set("key", to: .null)).one(two).key == nil)
        #expect(try await FieldsFunction(.hoist("key", as: "k")).one(back).key?.text == #"{"k":"o-1"}"#)
        await expectFailure(.invalidRecord, "the key is no JSON") {
            try await FieldsFunction(.set("key.x", to: .null)).one(back)
        }
        #expect(
            try await FieldsFunction(.copy("data.x", to: "key"), .cast("key", to: .string)).one(two).key
                == two.key.map { .text($0.text ?? "") }
        )
    }

    @Test("A key of JSON keeps its form", arguments: [RecordData.Form.bytes, .text, .json, .structured])
    func keyForm(form: RecordData.Form) async throws {
        let json = SharedBytes(utf8: #"{"a":1}"#)
        var record = try record()
        record.key =
            switch form {
            case .bytes: .bytes(json)
            case .text: .text(utf8: json)
            case .json: try .json(json)
            default: .structured(try StructuredValue(json: json))
            }
        let made = try await FieldsFunction(.set("key.b", to: .integer(2))).one(record)
        #expect(made.key?.text == #"{"a":1,"b":2}"# && made.key?.form == form)
    }

    @Test("The timestamp can be read and set")
    func timestamp() async throws {
        #expect(
            try await made(.copy("data.at", to: "timestamp")).timestamp?.nanosecondsSince1970
                == 1_767_323_045_000_000_000
        )
        #expect(try await made(.remove("timestamp")).timestamp == nil)
        let negative = RecordTimestamp(nanosecondsSince1970: -1)
        var record = try record()
        record.timestamp = negative
        let made = try await FieldsFunction(.copy("timestamp", to: "time"), .copy("time", to: "timestamp")).one(record)
        #expect(made.timestamp == negative && made.time?.description == "1969-12-31T23:59:59.999999999Z")
        record.time = try Timestamp("9999-01-01T00:00:00Z")
        let late = record
        await expectFailure(.invalidRecord, "1678 to 2262") {
            try await FieldsFunction(.copy("time", to: "timestamp")).one(late)
        }
    }

    @Test("A record from a partition keeps what the partition says of it")
    func defaults() async throws {
        var defaults = RecordDefaults(contentType: "application/json")
        defaults.type = "t"
        defaults.subject = { _, data in "\(data.count) bytes" }
        let record = ConnectorRecord(
            try .json(SharedBytes(utf8: "{}")),
            partition: RecordPartition("p", defaults: defaults),
            offset: RecordOffset(1)
        )
        let made = try await FieldsFunction(.set("data.a", to: .integer(1)), .copy("subject", to: "data.subject")).one(
            record
        )
        #expect(made.data.text == #"{"a":1,"subject":"2 bytes"}"#)
        #expect(made.subject == "2 bytes" && made.type == "t")
    }
}
