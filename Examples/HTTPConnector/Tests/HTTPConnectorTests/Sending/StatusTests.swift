// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectTestKit
import OpenConnect
import Testing

@testable import HTTPConnector

@Suite("What each answer of a target means", .timeLimit(.minutes(10)))
struct StatusTests {
    @Test(arguments: [200, 201, 202, 204, 206, 299])
    func `2xx delivers`(status: Int) async throws {
        try await ReceivingServer.serving([.init(status: status, body: "thanks")]) { server in
            try await started(HTTPSink(url: server.url)) { sink in
                try await sink.deliver(["a", "b"])
            }
            #expect(try server.requests.accepted == ["a", "b"])
        }
    }

    @Test(arguments: [400, 401, 403, 404, 405, 406, 409, 411, 413, 415, 422, 428, 431, 451, 499])
    func `another 4xx rejects the record with the answer's words`(status: Int) async throws {
        let words = "no \u{1B}[31mway\r\n" + String(repeating: "x", count: 1000)
        try await ReceivingServer.serving([.init(match: "bad", status: status, body: words)]) { server in
            try await started(HTTPSink(url: server.url)) { sink in
                let result = try await sink.put(["good", "bad", "behind"])
                #expect(result.words == ["1 reject", "2 notTried"])
                let error = try #require(result.exceptions.first?.verdict.error)
                #expect(error.code == .invalidRecord)
                #expect(error.message.contains("answered \(status): no \\u{1B}[31mway\\r\\nxxx"))
                #expect(error.message.count < 320)
            }
            #expect(try server.requests.accepted == ["good"])
        }
    }

    @Test(arguments: [408, 425, 500, 501, 502, 503, 504, 599])
    func `a passing fault is tried again`(status: Int) async throws {
        try await ReceivingServer.serving([.init(match: "slow", status: status)]) { server in
            try await started(HTTPSink(url: server.url)) { sink in
                let result = try await sink.put(["good", "slow", "behind"])
                #expect(result.words == ["1 retry", "2 notTried"])
                #expect(result.exceptions.first?.verdict.error?.code == .retryable)
                #expect(result.exceptions.first?.verdict.delay == nil)
            }
        }
    }

    @Test(arguments: [(429, "Retry-After"), (503, "Retry-After")])
    func `Retry-After is obeyed for the whole sink`(status: Int, header: String) async throws {
        let rules = [ReceivingServer.Rule(match: "b", times: 1, status: status, headers: [header: "7"])]
        try await ReceivingServer.serving(rules) { server in
            let clock = ManualClock()
            try await started(HTTPSink(url: server.url), clock.connectorClock) { sink in
                #expect(try await sink.put(["a", "b", "c"]).words == ["1 notTried", "2 notTried"])
                for (passed, left) in [(0, 7), (3, 4), (3, 1)] {
                    clock.advance(by: .seconds(passed))
                    let error = try await failure { _ = try await sink.put(["other"], of: "q") }
                    #expect(error.code == .throttled)
                    #expect(error.retryAfter == .seconds(left))
                }
                #expect(server.requests.count == 2)
                clock.advance(by: .seconds(1))
                try await sink.deliver(["b", "c"])
            }
            #expect(try server.requests.accepted == ["a", "b", "c"])
        }
    }

    @Test func `a batch of which nothing was settled is thrown back with the time to wait`() async throws {
        try await ReceivingServer.serving([.init(times: 1, status: 429, headers: ["Retry-After": "30"])]) { server in
            try await started(HTTPSink(url: server.url), ManualClock().connectorClock) { sink in
                let error = try await failure { _ = try await sink.put(["a", "b"]) }
                #expect(error.code == .throttled)
                #expect(error.retryAfter == .seconds(30))
            }
        }
    }

    @Test func `a date in Retry-After is an instant`() async throws {
        let date = "Wed, 01 Jan 2999 00:00:00 GMT"
        try await ReceivingServer.serving([.init(status: 503, headers: ["Retry-After": date])]) { server in
            try await started(HTTPSink(url: server.url)) { sink in
                let error = try await failure { _ = try await sink.put(["a"]) }
                #expect(error.code == .throttled)
                #expect(try #require(error.retryAfter) > .seconds(365 * 24 * 3600))
            }
        }
    }

    @Test func `429 without a time leaves the wait to the runner, before anything else is sent`() async throws {
        try await ReceivingServer.serving([.init(match: "b", times: 1, status: 429)]) { server in
            try await started(HTTPSink(url: server.url)) { sink in
                #expect(try await sink.put(["a", "b"]).words == ["1 notTried"])
                let error = try await failure { _ = try await sink.put(["b"]) }
                #expect(error.code == .throttled)
                #expect(error.retryAfter == nil)
                #expect(server.requests.count == 2)
                try await sink.deliver(["b"])
            }
        }
    }

    @Test func `a retired target stops the pipeline`() async throws {
        try await ReceivingServer.serving([.init(match: "b", status: 410)]) { server in
            try await started(HTTPSink(url: server.url)) { sink in
                // What was delivered is said first, so that it is not sent again.
                #expect(try await sink.put(["a", "b"]).words == ["1 notTried"])
                for _ in 0..<2 {
                    let error = try await failure { _ = try await sink.put(["b"]) }
                    #expect(error.code == .fatal)
                    #expect(error.message.contains("retired"))
                }
                #expect(server.requests.count == 2)
            }
        }
    }

    @Test(arguments: [
        ("https://user:pass@elsewhere.example:99/new?key=s3cret#top", "https://elsewhere.example:99/new"),
        ("/new/path?key=s3cret", "/new/path"), ("//u:s3cret@host/x", "//host/x"), ("u:s3cret@host/x", "host/x"),
    ])
    func `a redirect is not followed, and says where it points`(location: String, shown: String) async throws {
        for status in [300, 301, 302, 303, 307, 308] {
            try await ReceivingServer.serving([.init(status: status, headers: ["Location": location])]) { server in
                try await started(HTTPSink(url: server.url)) { sink in
                    let error = try await failure { _ = try await sink.put(["a"]) }
                    #expect(error.code == .invalidConfiguration)
                    #expect(error.message.contains("answered \(status) and points to '\(shown)'"))
                    #expect(error.message.contains("configure the final url"))
                    #expect(!"\(error)".contains("s3cret") && !"\(error)".contains("pass"))
                }
                #expect(server.requests.count == 1)
            }
        }
    }

    @Test func `an answer whose body does not end counts by its status`() async throws {
        let rules = [
            ReceivingServer.Rule(match: "good", status: 200, body: "thanks", action: "stall"),
            ReceivingServer.Rule(match: "bad", status: 400, body: "no", action: "stall"),
        ]
        try await ReceivingServer.serving(rules) { server in
            var options = HTTPSink.Options()
            options.timeout = .seconds(4)
            try await started(HTTPSink(url: server.url, options: options)) { sink in
                let words = try await sink.put(["good", "bad"]).words
                #expect(words == ["1 reject"])
            }
        }
    }

    @Test(arguments: [(100, true), (60_000, true), (8 << 20, false)])
    func `a body is read to a limit, beyond which the connection is closed`(count: Int, isKept: Bool) async throws {
        let rules = [ReceivingServer.Rule(status: 200, body: "x", repeats: count)]
        try await ReceivingServer.serving(rules) { server in
            try await started(HTTPSink(url: server.url)) { sink in
                try await sink.deliver(["a", "b"])
            }
            let peers = server.requests.map(\.peer)
            #expect(peers.count == 2 && (peers[0] == peers[1]) == isKept)
        }
    }
}
