// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectRuntimeKit
import ConnectTestKit
import MockKafka
import OpenConnect
import Testing

@testable import KafkaConnector

@Suite("What the kafka source reads", .timeLimit(.minutes(10)))
struct KafkaSourceTests {
    private func read(_ messages: [PlainMessage], _ options: KafkaSource.Options = .init()) async throws
        -> [ConnectorRecord]
    {
        let cluster = try TestCluster()
        let topic = try cluster.topic(partitions: 1)
        try await cluster.plain.send(messages, to: topic)
        let log = InMemoryLog()
        let source = cluster.source(topic, options)
        let pipeline = Pipeline("p", from: source, to: InMemorySink(log), offsets: InMemoryOffsetStore())
        try await whileRunning([pipeline]) {
            _ = try await log.waitForCount(messages.count)
        }
        return log.records(of: RecordPartition("\(topic)/0"))
    }

    @Test("an event in binary mode, one in structured mode, and what is none, by their headers")
    func formats() async throws {
        let binary = [
            "ce_specversion": "1.0", "ce_id": "1", "ce_source": "/a", "ce_type": "t", "ce_region": "eu",
            "Content-Type": "application/json", "other": "kept",
        ]
        let structured = #"{"specversion":"1.0","id":"2","source":"/b","type":"u","data":{"n":1}}"#
        let records = try await read([
            PlainMessage(key: "k", value: "[1]", headers: binary),
            PlainMessage(value: structured, headers: ["content-type": "application/cloudevents+json; charset=UTF-8"]),
            PlainMessage(key: "plain", value: "text", headers: ["content-type": "text/plain", "h": "v"]),
            PlainMessage(key: "gone", value: nil),
        ])
        try #require(records.count == 4)
        #expect(records[0].id == "1")
        #expect(records[0].data == (try RecordData.json(SharedBytes(utf8: "[1]"))))
        #expect(records[0].key == .text("k"))
        #expect(records[0][extension: "region"] == .string("eu"))
        #expect(records[0].headers == [RecordHeader("other", "kept")])
        #expect(records[1].id == "2")
        #expect(records[1].data.text == #"{"n":1}"#)
        #expect(records[2].data == .bytes(Array("text".utf8)))
        #expect(records[2].contentType == "text/plain")
        #expect(records[2].headers == [RecordHeader("h", "v")])
        #expect(records[3].data.isAbsent)
        #expect(records.map { $0.offset?.sequence } == [0, 1, 2, 3])
        #expect(records.allSatisfy { ($0.timestamp?.nanosecondsSince1970 ?? 0) > 1_700_000_000_000_000_000 })
    }

    @Test(
        "a position that does not exist fails where the settings say so, and tells what to do",
        arguments: [KafkaSource.Options.OffsetKeeper.broker, .store]
    )
    func offsetReset(keeper: KafkaSource.Options.OffsetKeeper) async throws {
        let error = await #expect(throws: ConnectorError.self) {
            _ = try await read([PlainMessage(value: "a")], .init(offsets: keeper, autoOffsetReset: .fail))
        }
        #expect(error?.code == .corruptOffsets)
        #expect(error?.message.contains("autoOffsetReset") == true)
    }

    @Test("the lag is what the cluster has beyond what was read")
    func lag() async throws {
        let cluster = try TestCluster()
        let topic = try cluster.topic(partitions: 1)
        try await cluster.plain.send((0..<50).map { "\($0)" }, to: topic)
        let (log, gate) = (InMemoryLog(), Gate())
        let source = cluster.source(topic)
        var options = DeliveryOptions()
        options.maxInFlightRecords = 10
        let pipeline = Pipeline("p", from: source, to: GatedSink(log: log, gate: gate), options: options)
        try await whileRunning([pipeline]) {
            await gate.arrivals(1)
            let lag = try await source.lag()
            #expect((lag[RecordPartition("\(topic)/0")] ?? 0) >= 40)
            gate.open()
            _ = try await log.waitForCount(50)
        }
    }
}
