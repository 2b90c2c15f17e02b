// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectTestKit
import OpenConnect
import Testing

@testable import HTTPConnector

@Suite("Foreign senders reach a file", .timeLimit(.minutes(3)))
struct ForeignSenderTests {
    /// Receives into a file, each event as a line of JSON.
    private func receiving(
        _ settings: String = "",
        _ body: (_ port: Int) async throws -> Void
    ) async throws -> [CloudEvent] {
        let directory = try TemporaryDirectory()
        let process = try ConnectorProcess(
            """
            { "offsets": { "type": "file", "path": "\(directory["state"])" },
              "pipelines": { "in": {
                "source": { "type": "http", "listen": "127.0.0.1:0"\(settings) },
                "sinks": [ { "type": "file", "path": "\(directory["out"])", "format": "cloudevents" } ] } } }
            """,
            in: directory
        )
        try await process.run { child in try await body(try await child.listeningPort()) }
        return try directory.lines(of: "out").map { try JSONEventFormat().decode(SharedBytes(utf8: $0)) }
    }

    @Test("curl in binary, structured and batched mode, with PUT, and a body for which it asks first")
    func curl() async throws {
        let large = String(repeating: "x", count: 1_100_000)
        let directory = try TemporaryDirectory()
        try directory.write(large, to: "large")
        let events = try await receiving(#", "methods": ["POST", "PUT"], "maxBody": "2MiB""#) { port in
            let attributes = ["ce-specversion: 1.0", "ce-id: b1", "ce-source: /curl", "ce-type: t"].flatMap {
                ["-H", $0]
            }
            let text = ["-H", "content-type: text/plain"]
            let single = #"{"specversion":"1.0","id":"s1","source":"/curl","type":"t","data":{"a":[1,2]}}"#
            let structured = "content-type: application/cloudevents+json; charset=utf-8"
            let batch = "[\(single.replacing("s1", with: "m1")),\(single.replacing("s1", with: "m2"))]"
            for arguments in [
                attributes + text + ["-d", "hello"], ["-H", structured, "-d", single],
                ["-H", "content-type: application/cloudevents-batch+json", "-d", batch],
                attributes.map { $0.replacing("b1", with: "p1") } + text + ["-X", "PUT", "-d", "put"],
                attributes.map { $0.replacing("b1", with: "l1") } + text + ["--data-binary", "@\(directory["large"])"],
            ] {
                let result = try await ProcessCommand(
                    "curl",
                    ["-sS", "-o", "/dev/null", "-w", "%{http_code}", "http://127.0.0.1:\(port)/"] + arguments
                ).run()
                #expect(result.standardOutput == "200", "curl (Debian package curl): \(result.standardError)")
            }
        }
        #expect(events.map(\.id) == ["b1", "s1", "m1", "m2", "p1", "l1"])
        #expect(events[0].data.text == "hello" && events[0].dataContentType == "text/plain")
        #expect(events[1].data.bytes == SharedBytes(utf8: #"{"a":[1,2]}"#))
        #expect(events[5].data.text == large)
    }

    @Test("The CloudEvents SDK for Python sends in binary and structured mode")
    func python() async throws {
        let events = try await receiving { port in
            let command = PythonPeer.command(PythonPeer.sender, ["http://127.0.0.1:\(port)/", "20"])
            let result = try await command.run()
            #expect(result.standardOutput == String(repeating: "200\n", count: 20), "\(result.standardError)")
        }
        #expect(events.map(\.id) == (0..<20).map { "py-\($0)" })
        for (number, event) in events.enumerated() {
            #expect(event.source == "/python" && event.type == "com.example.python")
            #expect(
                event.subject == "Zürich, 50 % \"off\"" && event.extensions["number"]?.canonicalString == "\(number)"
            )
            let data = try RecordData.json(event.data.bytes).structured
            #expect(data == .object(["number": .integer(Int64(number)), "text": .string("grüße")]))
        }
    }
}
