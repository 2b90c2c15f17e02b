// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectRuntimeKit
import OpenConnect
import Testing

/// The rows of the table in the article on functions, one test for each: what the built-in transforms and predicates of
/// Kafka Connect do can be done here.
@Suite("Functions: the jobs of Kafka Connect's transforms")
struct FunctionJobTests {
    private func record(_ data: String = #"{"id":7,"name":"Ann","total":"1.10","at":1767323045123,"o":{"a":1}}"#) throws
        -> ConnectorRecord
    {
        var record = try jsonRecord(data)
        record.type = "old.orders"
        record.headers = [RecordHeader("trace", "t"), RecordHeader("span", "s")]
        record.timestamp = RecordTimestamp(nanosecondsSince1970: 1_767_323_045_123_000_000)
        return record
    }

    private func made(_ operations: FieldOperation..., from data: String? = nil) async throws -> ConnectorRecord {
        try await FieldsFunction(operations).one(try data.map { try record($0) } ?? record())
    }

    @Test("Cast")
    func cast() async throws {
        let made = try await made(
            .cast("data.id", to: .string),
            .cast("data.total", to: .double),
            .keep(["id", "total"])
        )
        #expect(made.data.text == #"{"id":"7","total":1.1}"#)
    }

    @Test("DropHeaders")
    func dropHeaders() async throws {
        #expect(try await made(.remove("headers.trace")).headers == [RecordHeader("span", "s")])
    }

    @Test("ExtractField")
    func extractField() async throws {
        #expect(try await made(.extract("data.o.a")).data.text == "1")
    }

    @Test("Filter")
    func filter() throws {
        let function = RecordFilter(.exists("headers.trace").negated)
        #expect(try function.apply(try record()).parts.isEmpty)
        let other = RecordFilter(.exists("headers.none").negated)
        #expect(try other.apply(try record()).parts.count == 1)
    }

    @Test("Flatten")
    func flatten() async throws {
        #expect(
            try await made(.flatten(separator: "_"), from: #"{"o":{"a":1,"b":{"c":2}}}"#).data.text
                == #"{"o_a":1,"o_b_c":2}"#
        )
    }

    @Test("HeaderFrom", arguments: [true, false])
    func headerFrom(isMoved: Bool) async throws {
        let operation: FieldOperation =
            isMoved ? .move("data.name", to: "headers.name") : .copy("data.name", to: "headers.name")
        let made = try await made(operation)
        #expect(made.headers.last == RecordHeader("name", "Ann") && made.text.contains("Ann") == !isMoved)
    }

    @Test("HoistField")
    func hoistField() async throws {
        #expect(try await made(.hoist(as: "order"), from: "[1]").data.text == #"{"order":[1]}"#)
    }

    @Test("InsertField")
    func insertField() async throws {
        let made = try await made(
            .copy("partition", to: "data.partition"),
            .copy("offset", to: "data.offset"),
            .copy("timestamp", to: "data.timestamp"),
            .copy("type", to: "data.topic"),
            .set("data.fixed", to: .string("x")),
            from: "{}"
        )
        #expect(
            made.data.text
                == #"{"partition":"","offset":42,"timestamp":"2026-01-02T03:04:05.123Z","topic":"old.orders","fixed":"x"}"#
        )
    }

    @Test("InsertHeader")
    func insertHeader() async throws {
        #expect(try await made(.set("headers.app", to: .string("shop"))).headers.last == RecordHeader("app", "shop"))
    }

    @Test("MaskField")
    func maskField() async throws {
        let made = try await made(
            .mask("data.name"),
            .mask("data.total", with: .string("***")),
            .keep(["name", "total"])
        )
        #expect(made.data.text == #"{"name":"","total":"***"}"#)
    }

    @Test("RegexRouter")
    func regexRouter() async throws {
        #expect(
            try await made(.change("type", .droppingPrefix("old.")), .change("type", .addingPrefix("new."))).type
                == "new.orders"
        )
        #expect(try await made(.change("type", .replacing(".", with: "-"))).type == "old-orders")
    }

    @Test("Texts are changed by their bytes: no line break and no separator hides behind what follows it")
    func changesOfBytes() async throws {
        func changed(_ text: String, _ change: TextChange) async throws -> String? {
            let record = ConnectorRecord(.structured(.object(["t": .string(text)])))
            let made = try await FieldsFunction([.change("data.t", change), .extract("data.t")]).one(record)
            return String(decoding: made.data.bytes, as: UTF8.self)
        }
        #expect(try await changed("a\r\nb", .replacing("\n", with: " ")) == "\"a\\r b\"")
        #expect(try await changed("a,\u{301}b", .replacing(",", with: ";")) == "\"a;\u{301}b\"")
        #expect(try await changed("x\r\n", .droppingSuffix("\n")) == "\"x\\r\"")
        #expect(try await changed("p:\u{301}x", .droppingPrefix("p:")) == "\"\u{301}x\"")
        #expect(try await changed("aXbX", .replacing("X", with: "")) == "\"ab\"")
    }

    @Test("ReplaceField")
    func replaceField() async throws {
        #expect(try await made(.remove("data.o", "data.at", "data.total")).data.text == #"{"id":7,"name":"Ann"}"#)
        #expect(try await made(.keep(["id"]), .move("data.id", to: "data.number")).data.text == #"{"number":7}"#)
    }

    @Test("SetSchemaMetadata")
    func setSchemaMetadata() async throws {
        let made = try await made(.set("dataschema", to: .string("https://example.com/order/2")))
        #expect(made.schema == "https://example.com/order/2")
    }

    @Test("TimestampConverter")
    func timestampConverter() async throws {
        let made = try await made(
            .convertTime("data.at", from: .unixMilliseconds, to: .pattern("yyyy-MM-dd")),
            .keep(["at"])
        )
        #expect(made.data.text == #"{"at":"2026-01-02"}"#)
    }

    @Test("TimestampRouter")
    func timestampRouter() async throws {
        let made = try await made(
            .copy("timestamp", to: "headers.day"),
            .convertTime("headers.day", to: .pattern("yyyyMMdd")),
            .set("type", from: RecordTemplate(text: "${type}-${headers.day}")),
            .remove("headers.day")
        )
        #expect(made.type == "old.orders-20260102" && made.headers.count == 2)
    }

    @Test("ValueToKey")
    func valueToKey() async throws {
        #expect(try await made(.copy("data.id", to: "key")).key == "7")
        let two = try await made(.remove("key"), .copy("data.id", to: "key.id"), .copy("data.name", to: "key.name"))
        #expect(two.key?.text == #"{"id":7,"name":"Ann"}"#)
    }

    @Test("HasHeaderKey")
    func hasHeaderKey() throws {
        #expect(FieldCondition.exists("headers.trace").holds(for: try record()))
        #expect(!FieldCondition.exists("headers.none").holds(for: try record()))
    }

    @Test("RecordIsTombstone")
    func recordIsTombstone() throws {
        #expect(FieldCondition.exists("data").negated.holds(for: ConnectorRecord(.absent)))
        #expect(!FieldCondition.exists("data").negated.holds(for: try record()))
    }

    @Test("TopicNameMatches")
    func topicNameMatches() throws {
        #expect(FieldCondition.equals("type", .string("old.orders")).holds(for: try record()))
        #expect(!FieldCondition.equals("type", .string("new.orders")).holds(for: try record()))
    }
}
