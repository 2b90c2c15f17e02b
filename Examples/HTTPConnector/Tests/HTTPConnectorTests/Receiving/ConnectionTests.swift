// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import HTTPConnector

@Suite("What becomes of a connection", .timeLimit(.minutes(2)))
struct ConnectionTests {
    private func patient() -> HTTPSource.Options {
        var options = HTTPSource.Options()
        options.idleTimeout = .seconds(3600)
        options.requestTimeout = .seconds(2)
        options.maxBodyBytes = 1000
        return options
    }

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
}
