// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Testing

@testable import HTTPConnector

@Suite("The handshake of webhooks as a sender", .timeLimit(.minutes(10)))
struct WebhookTests {
    private static func sink(_ server: ReceivingServer, rate: Int? = nil) throws -> HTTPSink {
        let webhook = try WebhookSender(origin: "events.example.com", rate: rate)
        return try HTTPSink(url: server.url, options: HTTPSink.Options(webhook: webhook))
    }

    private static func consent(_ headers: [String: String], status: Int = 200) -> [ReceivingServer.Rule] {
        [.init(method: "OPTIONS", status: status, headers: headers)]
    }

    @Test(arguments: ["events.example.com", "EVENTS.example.com", "*", "a.example.com, events.example.com"])
    func `with consent, deliveries carry the origin`(allowed: String) async throws {
        try await ReceivingServer.serving(Self.consent(["WebHook-Allowed-Origin": allowed])) { server in
            try await started(Self.sink(server)) { try await $0.deliver(["a"]) }
            #expect(server.requests.map(\.method) == ["OPTIONS", "POST"])
            #expect(server.requests.allSatisfy { $0["webhook-request-origin"] == "events.example.com" })
            #expect(server.requests[0]["webhook-request-rate"] == nil)
        }
    }

    @Test(
        arguments: [
            ([:], 200, nil, "noOrigin"), (["WebHook-Allowed-Origin": "other.example.com"], 200, nil, "otherOrigin"),
            ([:], 405, nil, "noOrigin"), (["WebHook-Allowed-Origin": "*"], 200, 60, "noRate"),
            (["WebHook-Allowed-Origin": "*", "WebHook-Allowed-Rate": "many"], 200, nil, "invalidRate"),
        ] as [([String: String], Int, Int?, String)]
    )
    func `without consent nothing is delivered`(
        headers: [String: String],
        status: Int,
        rate: Int?,
        denial: String
    ) async throws {
        try await ReceivingServer.serving(Self.consent(headers, status: status)) { server in
            let sink = try Self.sink(server, rate: rate)
            let error = try await failure { try await started(sink) { try await $0.deliver(["a"]) } }
            #expect(error.code == .invalidConfiguration)
            #expect(error.message.contains(denial))
            let checked = try await failure { try await sink.checkConnection(SendingHost().context()) }
            #expect(checked.message == error.message)
            #expect(server.requests.map(\.method) == ["OPTIONS", "OPTIONS"])
        }
    }

    @Test(arguments: [
        (503, ConnectorError.Code.retryable), (429, .throttled), (500, .retryable), (301, .invalidConfiguration),
    ])
    func `a target that cannot answer is asked again`(status: Int, code: ConnectorError.Code) async throws {
        try await ReceivingServer.serving(Self.consent([:], status: status)) { server in
            let error = try await failure { try await started(Self.sink(server)) { _ in } }
            #expect(error.code == code)
        }
    }

    @Test func `the granted rate is kept to, by the clock of the pipeline`() async throws {
        let rules = Self.consent(["WebHook-Allowed-Origin": "*", "WebHook-Allowed-Rate": "120"])
        try await ReceivingServer.serving(rules) { server in
            let clock = ManualClock()
            try await started(Self.sink(server, rate: 1000), clock.connectorClock) { sink in
                #expect(server.requests[0]["webhook-request-rate"] == "1000")
                async let words = sink.put(["a", "b", "c"]).words
                for count in 1..<3 {
                    _ = try await server.requests(atLeast: 1 + count)
                    // The timer of all requests, and the one that waits for its turn.
                    await clock.sleepers(atLeast: 2)
                    clock.advance(by: .milliseconds(499))
                    #expect(server.requests.count == 1 + count)
                    clock.advance(by: .milliseconds(1))
                }
                #expect(try await words == [])
            }
            #expect(try server.requests.accepted == ["a", "b", "c"])
        }
    }

    @Test func `a low rate does not hold up a put`() async throws {
        let rules = Self.consent(["WebHook-Allowed-Origin": "*", "WebHook-Allowed-Rate": "6"])
        try await ReceivingServer.serving(rules) { server in
            let clock = ManualClock()
            try await started(Self.sink(server), clock.connectorClock) { sink in
                let words = try await sink.put(["a", "b"]).words
                #expect(words == ["1 notTried"])
                clock.advance(by: .seconds(4))
                let error = try await failure { try await sink.deliver(["b"]) }
                #expect(error.code == .throttled)
                #expect(error.retryAfter == .seconds(6))
                clock.advance(by: .seconds(6))
                try await sink.deliver(["b"])
            }
        }
    }

    @Test func `an origin that is no name is refused`() {
        #expect(throws: ConnectorError.self) { try WebhookSender(origin: "a b\r\n") }
        #expect(throws: ConnectorError.self) { try WebhookSender(origin: "a", rate: 0) }
    }
}
