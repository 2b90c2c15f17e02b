// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import NIOCore
import Testing

@testable import HTTPConnector

@Suite("What becomes of a connection", .timeLimit(.minutes(2)))
struct ConnectionTests {
    private static let event = RawConnection.eventHeaders

    private func patient() -> HTTPSource.Options { .limited(idle: .seconds(3600), request: .seconds(2), body: 1000) }

    private func request(_ version: String, _ headers: String, _ body: String = "{}") -> String {
        "POST / HTTP/\(version)\r\nHost: a\r\n\(Self.event)\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    private func count(_ part: String, in text: String) -> Int { text.ranges(of: part).count }

    @Test("An answer to HEAD has no body, also where it refuses, so that the next answer is where it is looked for")
    func head() async throws {
        try await withReceiver(patient()) { receiver in
            let heads = ["/nope", "/", "/health/ready"].map { "HEAD \($0) HTTP/1.1\r\nHost: a\r\n\r\n" }
            let answer = try await RawConnection.exchange(
                receiver.port,
                Array((heads.joined() + "GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").utf8)
            )
            let parts = answer.split(separator: "\r\n\r\n")
            #expect(parts.map { $0.prefix(12) } == ["HTTP/1.1 404", "HTTP/1.1 405", "HTTP/1.1 200", "HTTP/1.1 200"])
        }
    }

    @Test(
        "A sender that wants the connection closed, or another protocol on it, gets its answer and then the end",
        arguments: [
            ("1.1", "Connection: Close\r\n"), ("1.1", "Connection: x-hop, CLOSE\r\n"),
            ("1.1", "Connection: x-hop\r\nConnection: close\r\n"), ("1.0", ""), ("1.0", "Connection: keep-alive\r\n"),
            ("1.1", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAA\r\n"),
        ]
    )
    func close(version: String, headers: String) async throws {
        try await withReceiver(patient()) { receiver in
            try await RawConnection.open(receiver.port) { reading, writer in
                try await writer.write(ByteBuffer(string: request(version, headers)))
                let answer = try #require(await reading.until("\r\n\r\n"))
                try #require(answer.hasPrefix("HTTP/1.1 200") && answer.lowercased().contains("connection: close\r\n"))
                #expect(await reading.toEnd().isEmpty)
            }
            #expect(receiver.log.count == 1)
        }
    }

    @Test("Answers that were owed before the last request do not close, and what comes after it is not taken")
    func lastOfSeveral() async throws {
        try await withReceiver(patient()) { receiver in
            let requests = ["", "Connection: keep-alive, Close\r\n", ""].map { request("1.1", $0) }
            let answer = try await RawConnection.exchange(receiver.port, Array(requests.joined().utf8))
            #expect(count("HTTP/1.1 200", in: answer) == 2 && count("connection: close", in: answer.lowercased()) == 1)
            #expect(receiver.log.count == 2)
        }
    }

    @Test("A sender that wants a tunnel is refused, and gets the end")
    func tunnel() async throws {
        try await withReceiver(patient()) { receiver in
            let request = "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n"
            let answer = try await RawConnection.exchange(receiver.port, Array(request.utf8))
            #expect(answer.hasPrefix("HTTP/1.1 4") && count("connection: close", in: answer.lowercased()) == 1)
        }
    }

    @Test("An upgrade that is only half asked for is none", arguments: ["Connection: upgrade\r\n", "Upgrade: h2c\r\n"])
    func noUpgrade(headers: String) async throws {
        try await withReceiver(patient()) { receiver in
            let requests = request("1.1", headers) + request("1.1", "Connection: close\r\n")
            let answer = try await RawConnection.exchange(receiver.port, Array(requests.utf8))
            #expect(count("HTTP/1.1 200", in: answer) == 2)
        }
    }

    @Test(
        "A sender that waits for consent to send its body gets it",
        arguments: ["Content-Length: 2\r\n", "Transfer-Encoding: chunked\r\n"]
    )
    func consent(length: String) async throws {
        let body = length.hasPrefix("T") ? "2\r\n{}\r\n0\r\n\r\n" : "{}"
        try await withReceiver(patient()) { receiver in
            try await RawConnection.open(receiver.port) { reading, writer in
                let head = "POST / HTTP/1.1\r\nHost: a\r\n\(Self.event)Expect: 100-Continue\r\n\(length)\r\n"
                try await writer.write(ByteBuffer(string: head))
                try #require(await reading.until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
                try await writer.write(ByteBuffer(string: body))
                #expect(await reading.until("\r\n\r\n")?.hasPrefix("HTTP/1.1 200") == true)
            }
            #expect(receiver.log.count == 1)
        }
    }

    @Test("A body that is too large is refused before it is sent, and the connection is closed")
    func noConsent() async throws {
        try await withReceiver(patient()) { receiver in
            try await RawConnection.open(receiver.port) { reading, writer in
                let head = "POST / HTTP/1.1\r\nHost: a\r\n\(Self.event)Expect: 100-continue\r\n"
                try await writer.write(ByteBuffer(string: head + "Content-Length: 1001\r\n\r\n"))
                let answer = try #require(await reading.until("\r\n\r\n"))
                #expect(answer.hasPrefix("HTTP/1.1 413") && answer.lowercased().contains("connection: close\r\n"))
            }
        }
    }

    @Test(
        "Whoever expects something else than consent is refused",
        arguments: ["foo", "100-continue, foo", "foo\r\nExpect: 100-continue"]
    )
    func unknownExpectation(expectation: String) async throws {
        try await withReceiver(patient()) { receiver in
            let request = request("1.1", "Expect: \(expectation)\r\n")
            let answer = try await RawConnection.exchange(receiver.port, Array(request.utf8))
            #expect(answer.hasPrefix("HTTP/1.1 417") && count("HTTP/1.1", in: answer) == 1, "\(answer)")
            #expect(receiver.log.count == 0)
        }
    }

    @Test(
        "An expectation that says nothing, or comes from an old sender, is none",
        arguments: [("1.0", "100-continue"), ("1.0", "foo"), ("1.1", ""), ("1.1", ",")]
    )
    func noExpectation(version: String, expectation: String) async throws {
        try await withReceiver(patient()) { receiver in
            let headers = "Expect: \(expectation)\r\nConnection: close\r\n"
            let answer = try await RawConnection.exchange(receiver.port, Array(request(version, headers).utf8))
            #expect(answer.hasPrefix("HTTP/1.1 200"))
        }
    }
}
