// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import MockKafka
import OpenConnect
import Testing

@testable import KafkaConnector

@Suite("The kafka source keeps the contract of a source", .timeLimit(.minutes(20)))
struct KafkaSourceConformanceTests {
    @Test(arguments: [KafkaSource.Options.OffsetKeeper.broker, .store])
    func `it passes the suite`(offsets: KafkaSource.Options.OffsetKeeper) async throws {
        let limits = ConformanceLimits(call: .seconds(60), cancellation: .seconds(20), check: .seconds(300))
        let report = await SourceConformance("KafkaSource, offsets in the \(offsets.kind)", limits: limits) {
            try subject(offsets)
        }.run()
        try report.check()
        let applicable = [
            "source.resume", "source.idle", "source.more", "source.partitions", "source.heldBack", "source.assigned",
            "source.rejected", "source.reconnect", "source.settings",
        ]
        for name in applicable { #expect(report[name]?.verdict == .passed, "\(name)") }
    }

    private func subject(_ offsets: KafkaSource.Options.OffsetKeeper) throws -> SourceSubject {
        let cluster = try TestCluster()
        let topic = try cluster.topic(partitions: 2)
        var subject = SourceSubject(
            partitionCount: 2,
            makeSource: {
                KafkaSource(
                    topics: [topic],
                    group: "group",
                    client: cluster.client,
                    options: KafkaSource.Options(offsets: offsets)
                )
            },
            write: { try await cluster.plain.send($0, to: topic, partition: Int32($1)) }
        )
        subject.writeBadInput = {
            let headers = ["ce_specversion": "1.0", "ce_id": "1"]
            try await cluster.plain.send([PlainMessage(value: "bad", headers: headers)], to: topic)
        }
        subject.setReachable = { try cluster.mock.setReachable($0) }
        try subject.refuseWrongSettings(
            of: KafkaSource.self,
            besides: ["brokers": ["127.0.0.1:1"], "topics": [SettingInput(topic)], "group": "group"]
        )
        return subject
    }
}
