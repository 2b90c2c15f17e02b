// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectRuntimeKit
import ConnectTestKit
import MockKafka
import OpenConnect
import Testing

@testable import KafkaConnector

@Suite("Batches that a broker refuses as a whole", .timeLimit(.minutes(10)))
struct RefusedBatchTests {
    private let cluster: TestCluster
    private let topic: String
    private let letters = InMemoryDeadLetterStore()

    init() throws {
        cluster = try TestCluster()
        topic = try cluster.topic(partitions: 1)
    }

    /// A sink whose messages are sent together.
    private func sink(lingering milliseconds: Int = 100) -> KafkaSink {
        var client = cluster.client(without: ["session.timeout.ms", "heartbeat.interval.ms"])
        client.properties["linger.ms"] = Secret("\(milliseconds)")
        return KafkaSink(topic: topic, client: client, options: .init(format: .raw))
    }

    private func deliver(_ count: Int) async throws {
        let log = InMemoryLog()
        log.append(contentsOf: (0..<count).map { ConnectorRecord(.text("\($0)")) })
        log.finish()
        var options = DeliveryOptions()
        options.onError = .deadLetter
        let sink = sink()
        let letters = letters
        let pipeline = Pipeline(
            "p",
            from: InMemorySource(log),
            to: sink,
            offsets: InMemoryOffsetStore(),
            deadLetters: .store(letters),
            options: options
        )
        try await pipeline.run()
    }

    /// Those of a batch that is too large, of a record that is invalid, and of a timestamp that is.
    private static let codes = [10, 87, 32]

    @Test("It is parted: each of its messages arrives, once and in order, and none is rejected", arguments: codes)
    func parted(code: Int) async throws {
        cluster.mock.failRequests(api: 0, code: code, count: 3)
        try await deliver(1000)
        let values = try await cluster.plain.values(of: topic).compactMap { Int($0) }
        #expect(values == Array(0..<1000))
        #expect(try await letters.read(after: nil, atMost: 10).isEmpty)
    }

    @Test("A message that is refused alone is rejected", arguments: codes)
    func alone(code: Int) async throws {
        cluster.mock.failRequests(api: 0, code: code, count: 1000)
        try await deliver(5)
        #expect(try await letters.read(after: nil, atMost: 10).count == 5)
    }

    @Test(
        "Puts of one message each that were refused together: the first is sent by itself, and the next one waits for it"
    )
    func company() async throws {
        cluster.mock.failRequests(api: 0, code: 10, count: 1)
        let sink = sink(lingering: 2000)
        try await withHost { context in
            try await sink.start(context)
            let first = try await sink.begin(RecordBatch([ConnectorRecord("first")]))
            let second = try await sink.begin(RecordBatch([ConnectorRecord("second")]))
            #expect(try await first.result().isDelivered)
            let exceptions = try await second.result().exceptions
            #expect(exceptions.map(\.index) == [0] && exceptions.first?.verdict.error == nil)
            #expect(try await sink.put(RecordBatch([ConnectorRecord("second")])).isDelivered)
            await sink.stop()
        }
        #expect(try await cluster.plain.values(of: topic) == ["first", "second"])
    }

    @Test("A message that its own producer is refused too is rejected")
    func refusedByItself() async throws {
        cluster.mock.failRequests(api: 0, code: 10, count: 2)
        let sink = sink(lingering: 2000)
        try await withHost { context in
            try await sink.start(context)
            let first = try await sink.begin(RecordBatch([ConnectorRecord("first")]))
            let second = try await sink.begin(RecordBatch([ConnectorRecord("second")]))
            #expect(try await first.result().exceptions.first?.verdict.error?.code == .invalidRecord)
            #expect(try await second.result().exceptions.first?.verdict.error == nil)
            await sink.stop()
        }
    }
}
