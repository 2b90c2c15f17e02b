// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectTestKit
import OpenConnect
import Testing

@testable import HTTPConnector

@Suite("The sink that Knative names", .timeLimit(.minutes(10)))
struct KnativeSinkTests {
    private static func sink(_ variables: [String: String], _ settings: SettingInput = [:]) throws -> KnativeSink {
        try KnativeSink(KnativeSink.settings.values(from: settings)) { variables[$0] }
    }

    @Test(arguments: ["binary", "structured", "batched"])
    func `K_SINK is the target, and K_CE_OVERRIDES are set on each event`(mode: String) async throws {
        try await ReceivingServer.serving { server in
            let overrides = #"{"extensions":{"region":"eu west","traceid":"42"},"other":1}"#
            let sink = try Self.sink(
                ["K_SINK": server.url, "K_CE_OVERRIDES": overrides],
                ["mode": SettingInput(mode), "concurrency": 3]
            )
            #expect(sink.traits.maxConcurrentPuts == 3)
            try await started(sink) { sink in
                var batch = records(["a"])
                batch[0].extensions = [EventExtension("region", .string("us"))]
                try await sink.deliver(RecordBatch(batch))
            }
            let event = try #require(try server.requests.first?.events.first)
            #expect(event.extensions[AttributeName("region")] == .string("eu west"))
            #expect(event.extensions[AttributeName("traceid")] == .string("42"))
            #expect(event.data.text == "a")
        }
    }

    @Test(
        arguments: [
            [:], ["K_SINK": ""], ["K_SINK": "not a url"], ["K_SINK": "ftp://h/"], ["K_SINK": "http://u:s3cret@h/"],
            ["K_SINK": "http://h/", "K_CE_OVERRIDES": "{"], ["K_SINK": "http://h/", "K_CE_OVERRIDES": "[]"],
            ["K_SINK": "http://h/", "K_CE_OVERRIDES": #"{"extensions":[]}"#],
            ["K_SINK": "http://h/", "K_CE_OVERRIDES": #"{"extensions":{"a":1}}"#],
            ["K_SINK": "http://h/", "K_CE_OVERRIDES": #"{"extensions":{"A-b":"1"}}"#],
            ["K_SINK": "http://h/", "K_CE_OVERRIDES": #"{"extensions":{"type":"1"}}"#],
            ["K_SINK": "http://h/", "K_CE_OVERRIDES": #"{"extensions":{"a":"1\n2"}}"#],
        ] as [[String: String]]
    )
    func `variables that are missing or wrong are named`(variables: [String: String]) throws {
        let error = #expect(throws: SettingProblem.self) { try Self.sink(variables) }
        let message = try #require(error).message
        #expect(message.contains(variables["K_CE_OVERRIDES"] == nil ? "K_SINK" : "K_CE_OVERRIDES"))
        #expect(message.contains("SinkBinding"))
        #expect(!message.contains("s3cret"))
    }

    @Test(arguments: ["", " \n", "{}", #"{"extensions":{}}"#, #"{"extensions":null}"#])
    func `no overrides are no error`(overrides: String) throws {
        _ = try Self.sink(["K_SINK": "http://sink.default.svc", "K_CE_OVERRIDES": overrides])
    }

    @Test func `there is no setting for the url`() {
        #expect(throws: SettingProblems.self) { try Self.sink(["K_SINK": "http://h/"], ["url": "http://h/"]) }
    }

    @Test func `K_CA_CERTS are trusted besides`() async throws {
        let files = try await TestCertificates.make()
        try await ReceivingServer.serving(tls: files.server("local")) { server in
            let text = try files.directory.text(of: "ca.pem")
            let sink = try Self.sink(["K_SINK": server.url, "K_CA_CERTS": text])
            try await started(sink) { try await $0.deliver(["a"]) }
            let other = try Self.sink(["K_SINK": server.url, "K_CA_CERTS": " \n"])
            let error = try await failure { try await started(other) { try await $0.deliver(["b"]) } }
            #expect(error.code == .invalidConfiguration)
            let wrong = try Self.sink(["K_SINK": server.url, "K_CA_CERTS": "no PEM"])
            let refusal = try await failure { try await started(wrong) { _ in } }
            #expect(refusal.message.contains("K_CA_CERTS"))
            #expect(server.requests.count == 1)
        }
    }
}
