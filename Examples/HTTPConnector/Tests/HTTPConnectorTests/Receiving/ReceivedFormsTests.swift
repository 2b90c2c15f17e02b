// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectRuntimeKit
import OpenConnect
import Testing

@testable import HTTPConnector

/// A request, and the event that has to come of it.
struct ReceivedForm: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let headers: [String: String]
    let body: [UInt8]
    let events: [CloudEvent]

    init(_ name: String, _ message: HTTPMessage, _ events: [CloudEvent]) {
        testDescription = name
        headers = Dictionary(message.headers.map { ($0.name, $0.value) }) { first, _ in first }
        body = message.body.map { $0.withUnsafeBytes { Array($0) } } ?? []
        self.events = events
    }

    static func event(_ id: String) throws -> CloudEvent {
        try CloudEvent(
            id: id,
            source: "/orders",
            type: "com.example.order.created",
            subject: "a subject, with \"quotes\" and ü",
            time: Timestamp("2026-01-02T03:04:05.678Z"),
            dataContentType: "application/json",
            extensions: ["partitionkey": "k1", "priority": 5],
            data: .json(#"{"total":12.5}"#)
        )
    }

    static var all: [ReceivedForm] {
        get throws {
            let (event, binding) = (try event("1"), HTTPBinding())
            let formats: [any EventFormat] = [
                JSONEventFormat(), ProtobufEventFormat(), AvroEventFormat(), XMLEventFormat(),
            ]
            let batch = try (0..<3).map { try Self.event("\($0)") }
            return try [ReceivedForm("binary", binding.encode(event), [event])]
                + formats.map { ReceivedForm($0.contentType, try binding.encode(event, as: structured($0)), [event]) }
                + formats.filter { $0.batchContentType != nil }.map {
                    ReceivedForm($0.batchContentType ?? "", try encodeBatch(batch, $0), batch)
                }
                + [ReceivedForm("an empty batch", try binding.encodeBatch([]), [])]
        }
    }

    private static func structured(_ format: some EventFormat) -> MessageMode { .structured(format) }
    private static func encodeBatch(_ batch: [CloudEvent], _ format: some EventFormat) throws -> HTTPMessage {
        try HTTPBinding().encodeBatch(batch, as: format)
    }
}

@Suite("What an HTTP source reads", .timeLimit(.minutes(10)))
struct ReceivedFormsTests {
    @Test("Events arrive whole, in every mode and format", arguments: try ReceivedForm.all)
    func forms(form: ReceivedForm) async throws {
        try await withReceiver { receiver in
            let reply = try await receiver.send(form.body, form.headers)
            #expect(reply.status == 200 && reply.body.isEmpty)
            let events = try receiver.log.records.map {
                try $0.event(defaults: EventDefaults(source: "/default", type: "default"))
            }
            #expect(events.map(\.id) == form.events.map(\.id))
            for (event, sent) in zip(events, form.events) {
                #expect(event.source == sent.source && event.type == sent.type && event.subject == sent.subject)
                #expect(event.time == sent.time && event.dataContentType == sent.dataContentType)
                #expect(event.data.bytes == sent.data.bytes)
            }
            #expect(receiver.log.records.allSatisfy { $0.key?.text == "k1" })
        }
    }

    @Test("A binary event without data has none")
    func withoutData() async throws {
        try await withReceiver { receiver in
            let reply = try await receiver.send(
                "",
                ["ce-specversion": "1.0", "ce-id": "1", "ce-source": "/a", "ce-type": "t"]
            )
            #expect(reply.status == 200)
            #expect(receiver.log.records.map(\.data.isAbsent) == [true])
        }
    }

    @Test(
        "Plain bodies become events of the configured type",
        arguments: [
            ("text/plain; charset=utf-8", "hällo", RecordData.text("hällo")),
            ("text/plain; charset=iso-8859-1", "hällo", RecordData.bytes(SharedBytes(utf8: "hällo"))),
            ("application/json", #" {"a":1} "#, try RecordData.json(SharedBytes(utf8: #"{"a":1}"#))),
            ("application/octet-stream", "x", RecordData.bytes([0x78])),
            ("text/plain", "", RecordData.absent),
        ]
    )
    func common(contentType: String, body: String, data: RecordData) async throws {
        var options = HTTPSource.Options()
        options.common = CommonEvents(type: "com.example.plain", source: "/shop", idHeader: "Idempotency-Key")
        try await withReceiver(options) { receiver in
            let headers = ["content-type": contentType]
            #expect(try await receiver.send(body, headers).status == 400)
            let reply = try await receiver.send(body, headers.merging(["idempotency-key": "k-7"]) { $1 })
            #expect(reply.status == 200)
            let record = try #require(receiver.log.records.first)
            #expect(receiver.log.count == 1 && record.id == "k-7" && record.type == "com.example.plain")
            #expect(record.source?.string == "/shop" && record.data == data && record.contentType == contentType)
        }
    }

    @Test("A plain JSON body that is none is refused with its place")
    func commonJSON() async throws {
        var options = HTTPSource.Options()
        options.common = CommonEvents(type: "t")
        try await withReceiver(options) { receiver in
            let reply = try await receiver.send(#"{"a":"#, ["content-type": "application/json"])
            #expect(reply.status == 400 && reply.body.contains("JSON"))
            #expect(receiver.log.count == 0)
            #expect(try await receiver.send("a").status == 200)
            #expect(receiver.log.records[0].id == nil, "it gets one of its position")
        }
    }

    @Test(
        "A plain body that no event can be made of is refused, and the header is named",
        arguments: [
            ("content-type", "garbage;;"), ("content-type", "not a media type"), ("Idempotency-Key", "a\tb"),
            ("Idempotency-Key", "a\u{FFFF}"),
        ]
    )
    func commonThatIsNoEvent(name: String, value: String) async throws {
        var options = HTTPSource.Options()
        options.common = CommonEvents(type: "com.example.plain", idHeader: "Idempotency-Key")
        try await withReceiver(options) { receiver in
            let good = ["content-type": "text/plain", "Idempotency-Key": "k-7"]
            let reply = try await receiver.send("x", good.merging([name: value]) { $1 })
            #expect(reply.status == 400 && reply.body.lowercased().contains(name.lowercased()), "\(reply)")
            #expect(receiver.log.count == 0)
            #expect(try await receiver.send("x", good).status == 200)
        }
    }
}
