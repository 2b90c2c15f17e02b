// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Testing

@testable import KafkaConnector

@Suite("A login that comes to nothing", .timeLimit(.minutes(10)))
struct LoginTests {
    private let cluster: TestCluster
    private let events = EventLog()

    init() throws { cluster = try TestCluster() }

    /// The mock cluster closes the connection of who logs in.
    private var client: ClientSettings {
        var client = cluster.client
        let login = [
            "security.protocol": "SASL_PLAINTEXT", "sasl.mechanisms": "PLAIN", "sasl.username": "u",
            "sasl.password": "tellnobody",
        ]
        for (name, value) in login { client.properties[name] = Secret(value) }
        return client
    }

    @Test("is an outage for the source: the operator is told of it and what to look at, and it is tried again")
    func source() async throws {
        let topic = try cluster.topic(partitions: 1)
        let (events, source) = (events, cluster.source(topic, client: client))
        let pipeline = Pipeline(
            "p",
            from: source,
            to: InMemorySink(InMemoryLog()),
            offsets: InMemoryOffsetStore(),
            observer: events.observer
        )
        try await whileRunning([pipeline]) {
            try await events.wait(for: "check user and password in client")
            let told = events.all.first { $0.contains("check user and password in client") } ?? ""
            #expect(told.contains("is tried again") && told.contains("notConnected"), "\(told)")
            #expect(pipeline.status.state == .running)
        }
        #expect(!events.all.contains { $0.contains("tellnobody") })
    }

    @Test("is told by a check")
    func check() async throws {
        let topic = try cluster.topic(partitions: 1)
        let source = cluster.source(topic, client: client)
        let check = try await Pipeline("p", from: source, to: InMemorySink(InMemoryLog())).check()
        #expect(!check.isPassed)
        #expect("\(check.findings)".contains("check user and password in client"), "\(check.findings)")
    }

    @Test("is told by a check of the sink, in librdkafka's words")
    func checkOfTheSink() async throws {
        let topic = try cluster.topic(partitions: 1)
        let sink = KafkaSink(topic: topic, client: client, options: .init(format: .raw))
        let check = try await Pipeline("p", from: GeneratorSource(), to: sink, offsets: InMemoryOffsetStore()).check()
        #expect(!check.isPassed)
        #expect("\(check.findings)".contains("in state AUTH"), "\(check.findings)")
        #expect(!"\(check.findings)".contains("tellnobody"))
    }
}
