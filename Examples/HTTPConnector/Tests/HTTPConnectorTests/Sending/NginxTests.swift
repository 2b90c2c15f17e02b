// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Testing

@testable import HTTPConnector

@Suite("nginx as a target", .timeLimit(.minutes(10)))
struct NginxTests {
    private static func put(
        _ texts: [String],
        _ url: String,
        timeout: Duration = .seconds(60)
    ) async throws -> [String] {
        var options = HTTPSink.Options()
        options.timeout = timeout
        return try await started(HTTPSink(url: url, options: options)) { try await $0.put(texts).words }
    }

    @Test func `it takes events`() async throws {
        try await Nginx.serving { nginx in
            let words = try await Self.put((0..<50).map { "\($0)" }, nginx.url("ok"))
            #expect(words == [])
            let log = try nginx.log
            #expect(log == Array(repeating: "/ok 204", count: 50))
        }
    }

    @Test func `it asks for patience`() async throws {
        try await Nginx.serving { nginx in
            for (path, code) in [("limited", ConnectorError.Code.throttled), ("busy", .throttled)] {
                let error = try await failure { _ = try await Self.put(["a", "b"], nginx.url(path)) }
                #expect(error.code == code)
                #expect(error.retryAfter == .seconds(5))
            }
            let log = try nginx.log
            #expect(log == ["/limited 429", "/busy 503"])
        }
    }

    @Test func `it fails`() async throws {
        try await Nginx.serving { nginx in
            let broken = try await Self.put(["a", "b"], nginx.url("broken"))
            #expect(broken == ["0 retry", "1 notTried"])
            let forbidden = try await Self.put(["a", "b"], nginx.url("forbidden"))
            #expect(forbidden == ["0 reject", "1 notTried"])
        }
    }

    @Test func `it sends elsewhere`() async throws {
        try await Nginx.serving { nginx in
            let error = try await failure { _ = try await Self.put(["a"], nginx.url("moved")) }
            #expect(error.code == .invalidConfiguration)
            #expect(error.message.contains("301 and points to 'http://elsewhere.example/new'"))
            let log = try nginx.log
            #expect(log == ["/moved 301"])
        }
    }

    @Test func `it closes connections without a word`() async throws {
        try await Nginx.serving { nginx in
            let error = try await failure { _ = try await Self.put(["a"], nginx.url("reset")) }
            #expect(error.code == .notConnected)
        }
    }

    @Test func `it waits for somebody who does not answer`() async throws {
        try await Nginx.serving { nginx in
            let words = try await Self.put(["a", "b"], nginx.url("hang"), timeout: .milliseconds(300))
            #expect(words == ["0 retry", "1 notTried"])
        }
    }

    @Test func `a pipeline gets through a limit of the rate, with nothing lost and in order`() async throws {
        try await Nginx.serving { nginx in
            let log = InMemoryLog()
            for number in 0..<4 { log.append(.text("\(number)")) }
            log.finish()
            let url = nginx.url("rate")
            let pipeline = Pipeline(
                "nginx",
                from: InMemorySource(log),
                to: try HTTPSink(url: url),
                offsets: InMemoryOffsetStore()
            )
            let counts = try await pipeline.run()
            #expect(counts.delivered == 4)
            let answers = try nginx.log.filter { $0.hasPrefix("/rate") }
            #expect(answers.count { $0 == "/rate 204" } == 4)
            #expect(answers.contains("/rate 429"))
        }
    }
}
