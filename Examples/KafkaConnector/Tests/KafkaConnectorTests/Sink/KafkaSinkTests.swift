// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectRuntimeKit
import ConnectTestKit
import MockKafka
import OpenConnect
import Testing

@testable import KafkaConnector

@Suite("What the kafka sink writes", .timeLimit(.minutes(10)))
struct KafkaSinkTests {
    private let cluster: TestCluster
    private let topic: String
    private let events = EventLog()

    init() throws {
        cluster = try TestCluster()
        topic = try cluster.topic(partitions: 3)
    }

    private func deliver(_ records: [ConnectorRecord], _ options: KafkaSink.Options) async throws -> [PlainMessage] {
        let log = InMemoryLog()
        log.append(contentsOf: records)
        log.finish()
        let (cluster, topic) = (cluster, topic)
        let store = InMemoryOffsetStore()
        let pipeline = Pipeline(
            "p",
            from: InMemorySource(log),
            to: cluster.sink(topic, options),
            offsets: store,
            observer: events.observer
        )
        try await pipeline.run()
        return try await cluster.plain.messages(of: topic, partitions: 3)
    }

    private var event: ConnectorRecord {
        get throws {
            var record = ConnectorRecord(try .json(SharedBytes(utf8: #"{"total":1.50}"#)))
            record.id = "17"
            record.source = "/orders"
            record.type = "com.example.order"
            record.key = .text("customer-1")
            record.headers = [RecordHeader("trace", "abc")]
            return record
        }
    }

    @Test("CloudEvents Kafka binding 3.2: attributes are headers with ce_, the data is the value, partitionkey the key")
    func binary() async throws {
        let messages = try await deliver([try event], .init())
        let message = try #require(messages.first)
        #expect(messages.count == 1)
        #expect(message.value == #"{"total":1.50}"#)
        #expect(message.key == "customer-1")
        let expected = [
            "ce_specversion": "1.0", "ce_id": "17", "ce_source": "/orders", "ce_type": "com.example.order",
            "ce_partitionkey": "customer-1", "content-type": "application/json", "trace": "abc",
        ]
        #expect(message.headers == expected)
    }

    @Test("CloudEvents Kafka binding 3.3: the event is the value, its media type the header content-type")
    func structured() async throws {
        let message = try #require(try await deliver([try event], .init(format: .structured)).first)
        #expect(message.headers["content-type"]?.hasPrefix("application/cloudevents+json") == true)
        let record = try MessageFormat.auto.decode(
            EncodedRecord(
                SharedBytes(utf8: message.value ?? ""),
                headers: message.headers.map { RecordHeader($0.key, $0.value) }
            )
        )
        #expect(record.id == "17")
        #expect(record.key == .text("customer-1"))
        #expect(record.headers == [RecordHeader("trace", "abc")])
    }

    @Test("no data is a tombstone, empty data is not")
    func tombstone() async throws {
        var tombstone = ConnectorRecord(.absent)
        tombstone.key = .text("k")
        var empty = ConnectorRecord(.bytes([UInt8]()))
        empty.key = .text("k")
        let messages = try await deliver([tombstone, empty], .init(format: .raw))
        #expect(messages.map(\.value) == [nil, ""])
    }

    @Test("records without a key go by their source's partition, in order; those with one as the clients in Java do")
    func partitions() async throws {
        var records: [ConnectorRecord] = []
        for number in 0..<600 {
            records.append(ConnectorRecord(.text("\(number)"), partition: RecordPartition("source-\(number % 4)")))
        }
        let messages = try await deliver(records, .init(format: .raw))
        for source in 0..<4 {
            let mine = messages.filter { Int($0.value ?? "").map { $0 % 4 } == source }
            #expect(Set(mine.map(\.partition)).count == 1)
            #expect(mine.compactMap { Int($0.value ?? "") } == Array(stride(from: source, to: 600, by: 4)))
        }
        // murmur2("customer-1") with the sign bit off, modulo 3, as DefaultPartitioner of the client in Java has it.
        var keyed = ConnectorRecord("keyed")
        keyed.key = .text("customer-1")
        let murmur = Self.murmur2(Array("customer-1".utf8)) & 0x7FFF_FFFF
        for keyless in [KafkaSink.Options.Keyless.sourcePartition, .anyPartition] {
            let all = try await deliver([keyed], .init(format: .raw, keyless: keyless))
            #expect(all.filter { $0.value == "keyed" }.allSatisfy { $0.partition == Int32(murmur % 3) })
            #expect(all.contains { $0.value == "keyed" })
        }
    }

    @Test("a check asks for the topics that are named, and not for patterns", arguments: [true, false])
    func check(isThere: Bool) async throws {
        let (cluster, topic) = (cluster, topic)
        let name = isThere ? topic : "no.such.topic"
        let topics = [name, "^logs-.*", name]
        let pipeline = Pipeline(
            "p",
            from: KafkaSource(topics: topics, group: "g", client: cluster.client),
            to: cluster.sink(topic)
        )
        let check = try await pipeline.check()
        #expect(check.isPassed == isThere, "\(check.findings)")
    }

    /// Written from the description of MurmurHash2 with Kafka's seed.
    private static func murmur2(_ bytes: [UInt8]) -> UInt32 {
        let (m, seed): (UInt32, UInt32) = (0x5bd1_e995, 0x9747_b28c)
        var hash = seed ^ UInt32(bytes.count)
        var rest = bytes[...]
        while rest.count >= 4 {
            var word = rest.prefix(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) } &* m
            word = (word ^ word >> 24) &* m
            hash = (hash &* m) ^ word
            rest = rest.dropFirst(4)
        }
        if !rest.isEmpty {
            hash = (hash ^ rest.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }) &* m
        }
        hash = (hash ^ hash >> 13) &* m
        return hash ^ hash >> 15
    }

    @Test(
        "an error that passes is tried again by the client: each message is there once, in order",
        arguments: [500, 40_000]
    )
    func passingError(count: Int) async throws {
        // Produce (0) is answered with NOT_LEADER_FOR_PARTITION (6).
        cluster.mock.failRequests(api: 0, code: 6, count: 3)
        let records = (0..<count).map { ConnectorRecord(.text("\($0)")) }
        let messages = try await deliver(records, .init(format: .raw))
        #expect(messages.compactMap { Int($0.value ?? "") } == Array(0..<count))
    }

    @Test("a user who may not write makes the pipeline fail, and is told what to do")
    func notAuthorized() async throws {
        cluster.mock.failRequests(api: 0, code: 29, count: 100)
        let error = await #expect(throws: ConnectorError.self) {
            _ = try await deliver([ConnectorRecord("x")], .init(format: .raw))
        }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.contains("TOPIC_AUTHORIZATION_FAILED") == true)
    }

    @Test(
        "large values, which librdkafka does not copy, arrive as they were",
        arguments: [MessageFormat.raw, .structured]
    )
    func largeValues(format: MessageFormat) async throws {
        let texts = (0..<500).map { "\($0) " + String(repeating: "x", count: 100 + $0 * 7 % 900) }
        let messages = try await deliver(texts.map { ConnectorRecord(.text($0)) }, .init(format: format))
        let values = try messages.map { message in
            guard format == .structured else { return message.value }
            return try MessageFormat.structured.decode(EncodedRecord(.init(utf8: message.value ?? ""))).data.text
        }
        #expect(values == texts)
    }

    @Test(
        "brokers that are away for longer than the delivery timeout, one put or several: nothing lost, and order",
        arguments: [1000, 30_000]
    )
    func outage(count: Int) async throws {
        let log = InMemoryLog()
        let (cluster, topic) = (cluster, topic)
        let options = KafkaSink.Options(format: .raw, deliveryTimeout: .milliseconds(300))
        let store = InMemoryOffsetStore()
        let pipeline = Pipeline(
            "p",
            from: InMemorySource(log),
            to: cluster.sink(topic, options),
            offsets: store,
            observer: events.observer
        )
        try await whileRunning([pipeline]) {
            for number in 0..<count { log.append(.text("\(number)")) }
            try await log.waitForCommit(by: "p")
            try cluster.mock.setReachable(false)
            for number in count..<(2 * count) { log.append(.text("\(number)")) }
            try await events.wait(for: "did not report messages in time")
            try cluster.mock.setReachable(true)
            try await log.waitForCommit(by: "p")
        }
        let values = try await cluster.plain.values(of: topic, partitions: 3).compactMap { Int($0) }
        var seen: Set<Int> = []
        #expect(values.filter { seen.insert($0).inserted } == Array(0..<(2 * count)))
    }
}
