// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectTestKit
import OpenConnect
import Testing

@testable import HTTPConnector

@Suite("What arrives at a target", .timeLimit(.minutes(10)))
struct MessageTests {
    private static var record: ConnectorRecord {
        var record = records([#"{"größe":1}"#])[0]
        record.id = "4711"
        record.source = "urn:shop"
        record.type = "order.created"
        record.contentType = "application/json"
        record.subject = "50 % \"größer\""
        record.key = .text("k")
        return record
    }

    @Test func `binary mode has attributes in headers and the data as it is`() async throws {
        try await ReceivingServer.serving { server in
            try await started(HTTPSink(url: server.url + "?a=b%20c")) { sink in
                try await sink.deliver(RecordBatch([Self.record]))
            }
            let request = try #require(server.requests.first)
            #expect(request.method == "POST")
            #expect(request.path == "/events?a=b%20c")
            #expect(request["host"] == "127.0.0.1:\(server.port)")
            #expect(request["ce-specversion"] == "1.0")
            #expect(request["ce-id"] == "4711")
            #expect(request["ce-source"] == "urn:shop")
            #expect(request["ce-type"] == "order.created")
            #expect(request["ce-subject"] == "50%20%25%20%22gr%C3%B6%C3%9Fer%22")
            #expect(request["ce-partitionkey"] == "k")
            #expect(request["content-type"] == "application/json")
            #expect(String(decodingUTF8: request.body) == #"{"größe":1}"#)
        }
    }

    @Test func `PUT, headers and credentials are sent as configured`() async throws {
        try await ReceivingServer.serving { server in
            let settings: SettingInput = [
                "url": SettingInput(server.url), "method": "PUT",
                "headers": ["X-Key": "s3cret", "Accept": "text/plain"],
                "basic": ["user": "ada", "password": "lovelace"],
            ]
            try await started(HTTPSink(settings: settings)) { sink in
                try await sink.deliver(["a"])
            }
            let request = try #require(server.requests.first)
            #expect(request.method == "PUT")
            #expect(request["x-key"] == "s3cret")
            #expect(request["accept"] == "text/plain")
            #expect(request["authorization"] == "Basic YWRhOmxvdmVsYWNl")
        }
    }

    @Test(arguments: HTTPSink.Format.all.map(\.description))
    func `structured mode has the event in a format`(name: String) async throws {
        let format = try #require(HTTPSink.Format.all.first { $0.description == name })
        try await ReceivingServer.serving { server in
            var options = HTTPSink.Options(mode: .structured(format))
            options.credentials = try .bearer(Secret("t0ken"))
            try await started(HTTPSink(url: server.url, options: options)) { sink in
                try await sink.deliver(RecordBatch([Self.record]))
            }
            let request = try #require(server.requests.first)
            #expect(request["authorization"] == "Bearer t0ken")
            #expect(request["content-type"] == format.codec.contentType)
            #expect(request["ce-id"] == nil)
            let event = try #require(try request.events.first)
            #expect(event.id == "4711")
            #expect(event.subject == "50 % \"größer\"")
            #expect(String(decodingUTF8: event.data.bytes) == #"{"größe":1}"#)
        }
    }

    @Test(arguments: ["json", "protobuf", "xml"])
    func `batched mode has many events in a request, up to its limits`(name: String) async throws {
        let format = try #require(HTTPSink.Format.all.first { $0.description == name })
        try await ReceivingServer.serving { server in
            var options = HTTPSink.Options(mode: .batched(format), batchEvents: 3)
            let texts = (0..<8).map { "text \($0)" }
            try await started(HTTPSink(url: server.url, options: options)) { sink in
                try await sink.deliver(texts)
            }
            #expect(try server.requests.map { try $0.texts.count } == [3, 3, 2])
            #expect(try server.requests.accepted == texts)
            #expect(server.requests[0]["content-type"] == format.codec.batchContentType)
            options.batchBytes = 1
            try await started(HTTPSink(url: server.url, options: options)) { sink in
                try await sink.deliver(texts)
            }
            #expect(try server.requests.dropFirst(3).map { try $0.texts.count } == Array(repeating: 1, count: 8))
        }
    }

    @Test(arguments: ["binary", "structured", "batched"])
    func `a record that no event can be made of is rejected alone`(mode: String) async throws {
        try await ReceivingServer.serving { server in
            let settings: SettingInput = ["url": SettingInput(server.url), "mode": SettingInput(mode)]
            try await started(HTTPSink(settings: settings)) { sink in
                var batch = records(["a", "b", "c"]) + records(["d"], of: "q")
                batch[1].data = .structured(.double(.nan))
                let result = try await sink.put(RecordBatch(batch))
                #expect(result.words == ["1 reject", "2 notTried"])
                #expect(result.exceptions.first?.verdict.error?.code == .invalidRecord)
            }
            #expect(try Set(server.requests.accepted) == ["a", "d"])
        }
    }

    @Test(arguments: [
        "x\r\nX-Evil: 1", "x\nX-Evil: 1", "x\u{0}y", "text/plain\r\nX-Evil: 1", "text/plain; a=\"\r\nX: 1\"",
    ])
    func `no record can add a header`(text: String) async throws {
        let changes: [@Sendable (inout ConnectorRecord) -> Void] = [
            { $0.subject = text }, { $0.contentType = text }, { $0.id = text }, { $0.type = text },
            { $0.key = .text(text) },
            { $0.headers = [RecordHeader("h\r\nX-Evil", text)] },
        ]
        try await ReceivingServer.serving { server in
            try await started(HTTPSink(url: server.url)) { sink in
                for change in changes {
                    var batch = records(["a"])
                    change(&batch[0])
                    let result = try await sink.put(RecordBatch(batch))
                    #expect(result.isDelivered || result.words == ["0 reject"])
                }
                try await sink.deliver(["last"])
            }
            for request in server.requests {
                #expect(!request.headers.contains { $0.name.lowercased().contains("evil") || $0.name == "X" })
            }
        }
    }

    @Test func `names and values of headers are checked before they are sent`() throws {
        for name in ["", "a b", "a:b", "a\r\nb", "ä", "a\u{0}"] {
            #expect(throws: ConnectorError.self) { try SinkHeaders.check([MessageHeader(name, "x")]) }
        }
        for value in ["a\rb", "a\nb", "a\u{0}b", "a\u{1F}", "\u{7F}"] {
            #expect(throws: ConnectorError.self) { try SinkHeaders.check([MessageHeader("a", value)]) }
        }
        try SinkHeaders.check([MessageHeader("x-!#$%&'*+-.^_`|~1A", "a\tb c%20ü")])
    }
}
