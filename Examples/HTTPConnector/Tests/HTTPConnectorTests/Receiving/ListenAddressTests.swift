// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import NIOCore
import OpenConnect
import Testing

@testable import HTTPConnector

@Suite("Where a source listens", .timeLimit(.minutes(10)))
struct ListenAddressTests {
    @Test(
        "Addresses are read as they are written",
        arguments: [
            ("127.0.0.1:8080", "127.0.0.1:8080"), ("[::1]:0", "[::1]:0"), (":80", "0.0.0.0:80"),
            ("localhost:65535", "localhost:65535"), ("unix:/run/events.sock", "unix:/run/events.sock"),
            ("", nil), ("8080", nil), ("127.0.0.1", nil), ("a:65536", nil), ("a:-1", nil), ("::1:80", nil),
            ("http://a:80", nil), ("[::1:80", nil), ("unix:", nil), ("a:", nil),
            ("unix:/" + String(repeating: "x", count: 200), nil),
        ] as [(String, String?)]
    )
    func texts(text: String, expected: String?) {
        #expect(ListenAddress(text)?.description == expected)
    }

    @Test("A setting that is no address says what one looks like")
    func setting() {
        let error = #expect(throws: SettingProblems.self) { try HTTPSource(settings: ["listen": "8080"]) }
        #expect(error?.description.contains("127.0.0.1:8080") == true)
    }

    @Test("curl reaches a source on a socket of the file system, also where an old one is left there")
    func socket() async throws {
        let directory = try TemporaryDirectory()
        let path = directory["s"]
        for round in 0..<2 {
            let process = try ConnectorProcess(
                """
                { "offsets": { "type": "memory" }, "pipelines": { "in": {
                    "source": { "type": "http", "listen": "unix:\(path)" },
                    "sinks": [ { "type": "file", "path": "\(directory["out\(round)"])" } ] } } }
                """,
                in: directory
            )
            try await withChildProcess(process.command) { child in
                _ = try await child.standardError(until: "listens on unix:\(path)")
                let attributes = RefusedRequest.event.flatMap { ["-H", "\($0.key): \($0.value)"] }
                let command = ["-sS", "-w", "%{http_code}", "--unix-socket", path, "-d", "x", "http://localhost/"]
                let result = try await ProcessCommand("curl", command + attributes).run()
                #expect(result.standardOutput == "200", "curl (Debian package curl): \(result.standardError)")
                // Killed: the socket stays behind.
                child.send(9)
                _ = await child.wait()
            }
            #expect(try directory.lines(of: "out\(round)") == ["x"])
        }
    }

    private static let hasIPv6 = (try? System.enumerateDevices())?.contains { $0.address?.ipAddress == "::1" } ?? false

    @Test("A sink sends to a source over IPv6", .enabled(if: hasIPv6, "this machine has no IPv6 loopback"))
    func overIPv6() async throws {
        try await withReceiver(on: "::1") { receiver in
            let sink = try HTTPSink(url: "http://[::1]:\(receiver.port)/")
            try await started(sink) { sink in
                _ = try await sink.put(RecordBatch(records(["a", "b"])))
                try await sink.flush()
            }
            #expect(receiver.log.records.map(\.data.text) == ["a", "b"])
        }
    }

    @Test("`check` listens for a moment, and finds an address that is taken", arguments: [true, false])
    func check(isTaken: Bool) async throws {
        let directory = try TemporaryDirectory()
        try await withReceiver { receiver in
            let address = isTaken ? "127.0.0.1:\(receiver.port)" : "127.0.0.1:0"
            let process = try ConnectorProcess(
                """
                { "offsets": { "type": "memory" }, "pipelines": { "in": {
                    "source": { "type": "http", "listen": "\(address)" },
                    "sinks": [ { "type": "file", "path": "\(directory["out"])" } ] } } }
                """,
                in: directory
            )
            let command = process.command.with(arguments: ["check"] + process.command.arguments.dropFirst())
            let result = try await command.run()
            let text = result.standardOutput + result.standardError
            #expect(result.exit == .exited(isTaken ? 1 : 0), "\(text)")
            #expect(text.contains("cannot listen on \(address)") == isTaken, "\(text)")
        }
    }

    @Test("An address that is taken is an error that says so, and is tried again")
    func taken() async throws {
        try await withReceiver { receiver in
            var delivery = DeliveryOptions()
            delivery.retry.maxAttempts = 2
            delivery.retry.firstDelay = .milliseconds(1)
            let second = Pipeline(
                "second",
                from: HTTPSource(listen: .host("127.0.0.1", port: receiver.port)),
                to: InMemorySink(InMemoryLog()),
                options: delivery
            )
            let error = await #expect(throws: ConnectorError.self) { try await second.run() }
            #expect(error?.message.contains("cannot listen on 127.0.0.1:\(receiver.port)") == true, "\(error!)")
        }
    }
}
