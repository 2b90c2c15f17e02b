// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectRuntimeKit
import ConnectTestKit
import Crypto
import OpenConnect
import Testing

@testable import HTTPConnector

@Suite("Received webhooks", .timeLimit(.minutes(10)))
struct ReceivedWebhookTests {
    private static let body = #"{"action":"opened","repository":{"html_url":"https://github.com/octo/hello"}}"#

    private func signature(_ body: String, _ secret: String) -> String {
        let code = HMAC<SHA256>.authenticationCode(
            for: Array(body.utf8),
            using: SymmetricKey(data: Array(secret.utf8))
        )
        return "sha256=" + code.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private func gitHub() -> HTTPSource.Options {
        var options = HTTPSource.Options()
        options.gitHub = GitHubWebhooks(secret: Secret("It's a Secret to Everybody"))
        return options
    }

    private func headers(_ body: String, secret: String = "It's a Secret to Everybody") -> [String: String] {
        [
            "x-github-event": "issues", "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
            "content-type": "application/json", "x-hub-signature-256": signature(body, secret),
        ]
    }

    @Test("A signed delivery of GitHub becomes an event that names event, action, repository and delivery")
    func gitHubDelivery() async throws {
        try await withReceiver(gitHub()) { receiver in
            let reply = try await receiver.send(Self.body, headers(Self.body))
            #expect(reply.status == 200)
            let record = try #require(receiver.log.records.first)
            #expect(record.id == "72d3162e-cc78-11e3-81ab-4c9367dc0958" && record.type == "com.github.issues.opened")
            #expect(record.source?.string == "https://github.com/octo/hello")
            #expect(record.data.text == Self.body && record.contentType == "application/json")
        }
    }

    @Test("The example of GitHub's documentation has the signature that stands there")
    func documentedSignature() {
        #expect(
            signature("Hello, World!", "It's a Secret to Everybody")
                == "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
        )
    }

    @Test("A body without an action, from nowhere, has a type and a source all the same")
    func ping() async throws {
        try await withReceiver(gitHub()) { receiver in
            var headers = headers(#"{"zen":1}"#)
            headers["x-github-event"] = "ping"
            let reply = try await receiver.send(#"{"zen":1}"#, headers)
            #expect(reply.status == 200)
            #expect(receiver.log.records.map(\.type) == ["com.github.ping"])
            #expect(receiver.log.records.map(\.source?.string) == ["https://github.com"])
        }
    }

    @Test(
        "What is not signed with the secret is refused",
        arguments: [
            "", "sha256=", "sha256=00", "sha1=757107ea", "other secret", "sha256=" + String(repeating: "zz", count: 32),
        ]
    )
    func wrongSignature(wrong: String) async throws {
        try await withReceiver(gitHub()) { receiver in
            var headers = headers(Self.body)
            headers["x-hub-signature-256"] = wrong == "other secret" ? signature(Self.body, wrong) : wrong
            let reply = try await receiver.send(Self.body, headers)
            #expect(reply.status == 401 && reply.body.contains("X-Hub-Signature-256"))
            headers["x-hub-signature-256"] = nil
            #expect(try await receiver.send(Self.body, headers).status == 401)
            #expect(try await receiver.send(Self.body + " ", self.headers(Self.body)).status == 401)
            #expect(receiver.log.count == 0)
        }
    }

    @Test(
        "What is signed and no delivery is refused as well",
        arguments: [
            (["content-type": "application/x-www-form-urlencoded"], 415), (["x-github-delivery": ""], 400),
            (["x-github-event": "a b"], 400),
        ]
    )
    func noDelivery(change: [String: String], status: Int) async throws {
        try await withReceiver(gitHub()) { receiver in
            let reply = try await receiver.send(Self.body, headers(Self.body).merging(change) { $1 })
            #expect(reply.status == status, "\(reply)")
            #expect(try await receiver.send("[", headers("[")).status == 400)
        }
    }

    @Test(
        "A signed delivery that no event can be made of is refused, and the part is named",
        arguments: [
            (#"{"action":"x\u0000"}"#, "1", "action"), (#"{"repository":{"html_url":""}}"#, "1", "html_url"),
            (#"{"repository":{"html_url":"a b"}}"#, "1", "html_url"), ("{}", "a\tb", "X-GitHub-Delivery"),
        ]
    )
    func deliveryThatIsNoEvent(body: String, delivery: String, named: String) async throws {
        try await withReceiver(gitHub()) { receiver in
            let reply = try await receiver.send(
                body,
                headers(body).merging(["x-github-delivery": delivery]) { $1 }
            )
            #expect(reply.status == 400 && reply.body.contains(named), "\(reply)")
            #expect(receiver.log.count == 0)
        }
    }

    @Test("A secret that is empty, which anybody could sign with, is refused")
    func emptySecret() {
        let error = #expect(throws: SettingProblems.self) {
            try HTTPSource(settings: ["listen": "127.0.0.1:0", "github": ["secret": ""]])
        }
        #expect(error.map { "\($0)" }?.contains("github.secret") == true)
        var options = HTTPSource.Options()
        options.gitHub = GitHubWebhooks(secret: Secret(""))
        #expect(throws: ConnectorError.self) { try RequestReader(options) }
    }

    @Test("Where signatures are the only proof, what is not signed is refused, whatever it says it is")
    func unsigned() async throws {
        var options = gitHub()
        options.common = CommonEvents(type: "t")
        let event = RefusedRequest.event.merging(["ce-type": "com.github.push"]) { $1 }
        try await withReceiver(options) { receiver in
            for headers in [event, RefusedRequest.event, ["content-type": "text/plain"]] {
                let reply = try await receiver.send("{}", headers)
                #expect(reply.status == 401 && reply.body.contains("X-Hub-Signature-256"), "\(reply)")
            }
            #expect(receiver.log.count == 0)
        }
        options.authentication = .bearer(Secret("t0ken"))
        try await withReceiver(options) { receiver in
            let reply = try await receiver.send("{}", event.merging(["authorization": "Bearer t0ken"]) { $1 })
            #expect(reply.status == 200)
        }
    }

    // MARK: The handshake of CloudEvents webhooks

    private func webhook(_ origins: [String]?, _ rate: WebhookRate = .unlimited) -> HTTPSource.Options {
        var options = HTTPSource.Options()
        options.webhook = WebhookPolicy(allowedOrigins: origins, rate: rate)
        return options
    }

    @Test("A sender that asks is granted what the policy says; others get no consent and cannot deliver")
    func handshake() async throws {
        let rate = try WebhookRate(requestsPerMinute: 120)
        try await withReceiver(webhook(["events.example.com"], rate)) { receiver in
            let asked = try await receiver.send(
                "",
                ["webhook-request-origin": "events.example.com", "webhook-request-rate": "1000"],
                method: "OPTIONS"
            )
            #expect(asked.status == 200 && asked.headers["webhook-allowed-origin"] == "events.example.com")
            #expect(asked.headers["webhook-allowed-rate"] == "120" && asked.headers["allow"] == "POST")
            let stranger = try await receiver.send("", ["webhook-request-origin": "evil.example"], method: "OPTIONS")
            #expect(stranger.headers["webhook-allowed-origin"] == nil)
            let body = #"{"specversion":"1.0","id":"1","source":"/a","type":"t"}"#
            let json = ["content-type": "application/cloudevents+json"]
            #expect(try await receiver.send(body, json).status == 403)
            for (origin, status) in [("evil.example", 403), ("Events.Example.com", 200)] {
                let headers = json.merging(["webhook-request-origin": origin]) { $1 }
                #expect(try await receiver.send(body, headers).status == status)
            }
        }
    }

    @Test("Who sends more often than granted gets 429 until the minute is over")
    func rate() {
        let manual = ManualClock()
        let rate = SenderRate(try! WebhookRate(requestsPerMinute: 2), manual.connectorClock)
        #expect(SenderRate(.unlimited, manual.connectorClock) == nil)
        #expect(rate?.count("a") == nil && rate?.count("a") == nil)
        manual.advance(by: .seconds(10))
        #expect(rate?.count("a") == .seconds(50))
        #expect(rate?.count("b") == nil, "each origin has its own")
        manual.advance(by: .seconds(49))
        #expect(rate?.count("a") == .seconds(1))
        manual.advance(by: .seconds(1))
        #expect(rate?.count("a") == nil)
    }

    @Test("Origins without end share one window rather than the memory")
    func manyOrigins() {
        let manual = ManualClock()
        let rate = SenderRate(try! WebhookRate(requestsPerMinute: 1), manual.connectorClock)
        for index in 0..<1000 { #expect(rate?.count("\(index)") == nil) }
        #expect(rate?.count("one more") == nil)
        #expect(rate?.count("and another") != nil)
        manual.advance(by: .seconds(60))
        #expect(rate?.count("another again") == nil && rate?.count("0") == nil)
    }
}
