// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectRuntimeKit
import ConnectTestKit
import MockKafka
import OpenConnect
import Testing

@testable import KafkaConnector

@Suite("The order in which the kafka sink hands messages over", .timeLimit(.minutes(10)))
struct KafkaSinkOrderTests {
    private let cluster: TestCluster
    private let topic: String

    init() throws {
        cluster = try TestCluster()
        topic = try cluster.topic(partitions: 3)
    }

    /// A record of each way that a message can take, in turn.
    private static func record(_ number: Int) -> ConnectorRecord {
        var record = ConnectorRecord(.text("\(number)"), partition: RecordPartition("source-\(number / 100 % 2)"))
        switch number % 7 {
        case 2: record.headers = [RecordHeader("number", "\(number)")]
        case 4: record.id = "\(number)"
        case 5: record.timestamp = RecordTimestamp(nanosecondsSince1970: 1_700_000_000_000_000_000)
        default: break
        }
        return record
    }

    @Test(
        "messages with headers, with times of their own and without go one behind the other",
        arguments: ["100000", "10"],
        [KafkaSink.Options.Timestamps.produced, .recorded]
    )
    func mixed(room: String, timestamps: KafkaSink.Options.Timestamps) async throws {
        let log = InMemoryLog()
        log.append(contentsOf: (0..<3000).map(Self.record))
        log.finish()
        var client = cluster.client(without: ["session.timeout.ms", "heartbeat.interval.ms"])
        client.properties["queue.buffering.max.messages"] = Secret(room)
        let options = KafkaSink.Options(format: .raw, timestamps: timestamps)
        let sink = KafkaSink(topic: topic, client: client, options: options)
        try await Pipeline("p", from: InMemorySource(log), to: sink, offsets: InMemoryOffsetStore()).run()
        let messages = try await cluster.plain.messages(of: topic, partitions: 3)
        for source in 0..<2 {
            let mine = messages.filter { Int($0.value ?? "").map { $0 / 100 % 2 } == source }
            #expect(Set(mine.map(\.partition)).count == 1)
            #expect(mine.compactMap { Int($0.value ?? "") } == (0..<3000).filter { $0 / 100 % 2 == source })
        }
        let withHeaders = messages.filter { !$0.headers.isEmpty }
        #expect(withHeaders.count == 429 && withHeaders.allSatisfy { $0.headers["number"] == $0.value })
    }

    @Test("a message that is too large for the client is rejected, and the others arrive")
    func tooLarge() async throws {
        let log = InMemoryLog()
        for number in 0..<1000 {
            let size = number % 300 == 299 ? 2000 : 100
            log.append(.text("\(number) " + String(repeating: "x", count: size)))
        }
        log.finish()
        var client = cluster.client(without: ["session.timeout.ms", "heartbeat.interval.ms"])
        client.properties["message.max.bytes"] = Secret("1500")
        let letters = InMemoryDeadLetterStore()
        var options = DeliveryOptions()
        options.onError = .deadLetter
        let sink = KafkaSink(topic: topic, client: client, options: .init(format: .raw))
        let pipeline = Pipeline(
            "p",
            from: InMemorySource(log),
            to: sink,
            offsets: InMemoryOffsetStore(),
            deadLetters: .store(letters),
            options: options
        )
        try await pipeline.run()
        let values = try await cluster.plain.values(of: topic, partitions: 3)
        let numbers = values.compactMap { $0.split(separator: " ").first.flatMap { Int($0) } }
        #expect(numbers == (0..<1000).filter { $0 % 300 != 299 })
        let rejected = try await letters.read(after: nil, atMost: 10).map(\.letter.errorMessage)
        #expect(rejected.count == 3 && rejected.allSatisfy { $0.contains("MSG_SIZE_TOO_LARGE") }, "\(rejected)")
    }

    @Test("messages that are given up while others wait for room are not overtaken by those")
    func givenUpWhileSending() async throws {
        let (log, events) = (InMemoryLog(), EventLog())
        var client = cluster.client(without: ["session.timeout.ms", "heartbeat.interval.ms"])
        client.properties["queue.buffering.max.messages"] = Secret("10")
        let options = KafkaSink.Options(format: .raw, deliveryTimeout: .milliseconds(300))
        let sink = KafkaSink(topic: topic, client: client, options: options)
        let cluster = cluster
        let pipeline = Pipeline(
            "p",
            from: InMemorySource(log),
            to: sink,
            offsets: InMemoryOffsetStore(),
            observer: events.observer
        )
        try await whileRunning([pipeline]) {
            log.append(.text("0"))
            try await log.waitForCommit(by: "p")
            try cluster.mock.setReachable(false)
            log.append(contentsOf: (1..<500).map { ConnectorRecord(.text("\($0)")) })
            try await events.wait(for: "did not report messages in time")
            try cluster.mock.setReachable(true)
            try await log.waitForCommit(by: "p")
        }
        let values = try await cluster.plain.values(of: topic, partitions: 3).compactMap { Int($0) }
        var seen: Set<Int> = []
        #expect(values.filter { seen.insert($0).inserted } == Array(0..<500))
    }
}
