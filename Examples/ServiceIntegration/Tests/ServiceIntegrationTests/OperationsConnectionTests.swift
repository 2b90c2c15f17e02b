// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import NIOCore
import ServiceIntegration
import Testing

/// What becomes of a connection to the server.
@Suite(.timeLimit(.minutes(2))) struct OperationsConnectionTests {
    /// Runs a server, and tells its port.
    private func withPort(
        requestTimeout: Duration = .seconds(30),
        answerTimeout: Duration = .seconds(60),
        _ body: (Int) async throws -> Void
    ) async throws {
        try await withOperationsServer([], requestTimeout: requestTimeout, answerTimeout: answerTimeout) { _, url in
            try await body(ListenAddress(String(url.dropFirst("http://".count))).port)
        }
    }

    private func request(_ version: String = "1.1", _ headers: String = "", method: String = "GET") -> String {
        "\(method) /health/live HTTP/\(version)\r\nHost: a\r\n\(headers)\r\n"
    }

    private func statuses(_ answers: String) -> [String] {
        answers.ranges(of: "HTTP/1.1 ").map { String(answers[$0.upperBound...].prefix(3)) }
    }

    private func closes(_ answer: String) -> Bool { answer.lowercased().contains("\r\nconnection: close\r\n") }

    @Test(arguments: [
        ("1.1", "Connection: close\r\n"), ("1.1", "Connection: Close\r\n"), ("1.1", "Connection: x-hop, CLOSE\r\n"),
        ("1.1", "Connection: x-hop\r\nConnection: close\r\n"), ("1.0", ""), ("1.0", "Connection: keep-alive\r\n"),
        ("1.1", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAA\r\n"),
    ])
    func theLastRequestIsAnsweredAndThenComesTheEnd(version: String, headers: String) async throws {
        try await withPort { port in
            try await RawConnection.open(port) { reading, writer in
                try await writer.write(ByteBuffer(string: request(version, headers)))
                let head = try #require(await reading.until("\r\n\r\n"))
                try #require(statuses(head) == ["200"] && closes(head), "\(head)")
                _ = await reading.toEnd()
            }
        }
    }

    @Test func whoeverWantsATunnelIsRefusedAndGetsTheEnd() async throws {
        try await withPort { port in
            let answer = try await RawConnection.exchange(port, "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 4") && closes(answer))
        }
    }

    @Test func whoeverWaitsForConsentGetsIt() async throws {
        try await withPort { port in
            try await RawConnection.open(port) { reading, writer in
                let headers = "Expect: 100-continue\r\nContent-Length: 2\r\n"
                try await writer.write(ByteBuffer(string: request("1.1", headers, method: "POST")))
                // The first answer, which needs no body, may come together with it.
                try #require(await reading.until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
                try await writer.write(ByteBuffer(string: "{}" + request("1.1", "Connection: close\r\n")))
                let answers = await reading.toEnd()
                #expect(statuses(answers) == ["405", "200"])
            }
        }
    }

    @Test func whoeverWaitsToSendALargeBodyIsAnsweredWithoutIt() async throws {
        try await withPort { port in
            try await RawConnection.open(port) { reading, writer in
                let headers = "Expect: 100-continue\r\nContent-Length: 16385\r\n"
                try await writer.write(ByteBuffer(string: request("1.1", headers, method: "POST")))
                let head = try #require(await reading.until("\r\n\r\n"))
                #expect(statuses(head) == ["405"] && closes(head), "\(head)")
            }
        }
    }

    @Test func whoeverExpectsSomethingElseIsRefused() async throws {
        try await withPort { port in
            let answers = try await RawConnection.exchange(port, request("1.1", "Expect: foo\r\n"))
            #expect(statuses(answers) == ["417"] && closes(answers))
        }
    }

    @Test(arguments: ["Content-Length: 100000\r\n", "Transfer-Encoding: chunked\r\n"])
    func aBodyIsReadAndLeftAside(length: String) async throws {
        let bytes = String(repeating: "x", count: 100_000)
        let body = length.hasPrefix("T") ? "186a0\r\n\(bytes)\r\n0\r\n\r\n" : bytes
        try await withPort { port in
            let requests = request("1.1", length) + body + request("1.1", "Connection: close\r\n")
            let answers = try await RawConnection.exchange(port, requests)
            #expect(statuses(answers) == ["200", "200"])
        }
    }

    @Test func aRequestThatDoesNotComeToItsEndIsCut() async throws {
        try await withPort(requestTimeout: .milliseconds(100)) { port in
            let answers = try await RawConnection.exchange(port, request("1.1", "Content-Length: 2\r\n"))
            #expect(statuses(answers) == ["200"])
        }
    }

    @Test func aBodyWithoutEndIsCut() async throws {
        try await withPort(requestTimeout: .milliseconds(100)) { port in
            try await RawConnection.open(port) { _, writer in
                try await writer.write(ByteBuffer(string: request("1.1", "Transfer-Encoding: chunked\r\n")))
                let chunk = ByteBuffer(string: "3e8\r\n" + String(repeating: "x", count: 1000) + "\r\n")
                await #expect(throws: (any Error).self) { while true { try await writer.write(chunk) } }
            }
        }
    }

    /// It could keep one of the connections for ever.
    @Test func whoeverTakesNoAnswersIsCut() async throws {
        try await withPort(requestTimeout: .seconds(86_400), answerTimeout: .milliseconds(100)) { port in
            try await RawConnection.open(port) { _, writer in
                let requests = ByteBuffer(string: String(repeating: request(), count: 1000))
                await #expect(throws: (any Error).self) { while true { try await writer.write(requests) } }
            }
        }
    }
}
