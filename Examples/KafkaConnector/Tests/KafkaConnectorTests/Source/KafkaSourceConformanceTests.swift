// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import MockKafka
import OpenConnect
import Testing

@testable import KafkaConnector

@Suite("The kafka source keeps the contract of a source", .serialized, .timeLimit(.minutes(30)))
struct KafkaSourceConformanceTests {
    private static let limits = ConformanceLimits(call: .seconds(60), cancellation: .seconds(20), check: .seconds(600))
    private static let descriptors = "source.descriptors"

    /// A group's first member waits three seconds for others, in each check: they are made side by side, some of them.
    @Test(arguments: [KafkaSource.Options.OffsetKeeper.broker, .store])
    func `it passes the suite`(offsets: KafkaSource.Options.OffsetKeeper) async throws {
        let names = SourceConformance.checks.filter { $0 != Self.descriptors }
        let reports = await withTaskGroup(of: ConformanceReport.self) { group in
            for share in 0..<6 {
                let some = Set(names.enumerated().filter { $0.offset % 6 == share }.map(\.element))
                group.addTask { await Self.suite(offsets).run(only: some) }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        for report in reports { try report.check() }
        let applicable = [
            "source.resume", "source.idle", "source.more", "source.partitions", "source.heldBack", "source.assigned",
            "source.rejected", "source.unreachable", "source.reconnect", "source.commit", "source.settings",
        ]
        for name in applicable where offsets == .broker || name != "source.commit" {
            #expect(reports.contains { $0[name]?.verdict == .passed }, "\(name)")
        }
    }

    /// With the cluster in another process: its ends of the connections would be counted too.
    @Test func `it leaves no descriptor open`() async throws {
        try await withChildProcess(try ProcessCommand(built: "mock-kafka", ["topic:1"])) { cluster in
            let broker = try await cluster.firstLine()
            let suite = SourceConformance("KafkaSource", limits: Self.limits) {
                SourceSubject {
                    KafkaSource(topics: ["topic"], group: "group", client: ClientSettings(brokers: [broker]))
                } write: {
                    try await PlainClient(brokers: [broker]).send($0, to: "topic")
                }
            }
            let report = await suite.run(only: [Self.descriptors])
            #expect(report[Self.descriptors]?.verdict == .passed, "\(report)")
        }
    }

    private static func suite(_ offsets: KafkaSource.Options.OffsetKeeper) -> SourceConformance {
        SourceConformance("KafkaSource, offsets in the \(offsets.kind)", limits: limits) { try subject(offsets) }
    }

    private static func subject(_ offsets: KafkaSource.Options.OffsetKeeper) throws -> SourceSubject {
        let cluster = try TestCluster()
        let topic = try cluster.topic(partitions: 2)
        var subject = SourceSubject(
            partitionCount: 2,
            makeSource: { cluster.source(topic, .init(offsets: offsets)) },
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

extension ChildProcess {
    /// What the process writes on its first line.
    func firstLine() async throws -> String {
        for _ in 0..<30_000 {
            if let end = standardOutput.firstIndex(of: "\n") { return String(standardOutput[..<end]) }
            if exit != nil { break }
            try await Task.sleep(for: .milliseconds(2))
        }
        throw EventLog.NeverSeen(description: "the process wrote no line: \(standardError)")
    }
}
