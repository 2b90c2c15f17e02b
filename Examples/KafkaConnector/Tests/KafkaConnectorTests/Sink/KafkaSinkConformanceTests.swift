// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectTestKit
import MockKafka
import OpenConnect
import Testing

@testable import KafkaConnector

@Suite("The kafka sink keeps the contract of a sink", .timeLimit(.minutes(20)))
struct KafkaSinkConformanceTests {
    @Test(arguments: zip([MessageFormat.binary, .structured, .raw], [8, 1, 8]))
    func `it passes the suite`(format: MessageFormat, concurrency: Int) async throws {
        let limits = ConformanceLimits(call: .seconds(60))
        let report = await SinkConformance("KafkaSink, \(format.kind)", limits: limits) {
            try subject(format, concurrency)
        }.run()
        try report.check()
        let applicable = [
            "sink.flush", "sink.order", "sink.data", "sink.verdicts", "sink.notTried", "sink.unreachable",
            "sink.outage", "sink.settings", "sink.released", "sink.descriptors",
        ]
        for name in applicable { #expect(report[name]?.verdict == .passed, "\(name)") }
        #expect((report["sink.concurrent"]?.verdict == .passed) == (concurrency > 1))
    }

    private func subject(_ format: MessageFormat, _ concurrency: Int) throws -> SinkSubject {
        let cluster = try TestCluster()
        let topic = try cluster.topic(partitions: 1)
        var subject = SinkSubject(
            makeSink: {
                KafkaSink(
                    topic: topic,
                    client: cluster.client(without: ["session.timeout.ms", "heartbeat.interval.ms"]),
                    options: KafkaSink.Options(
                        format: format,
                        concurrency: concurrency,
                        deliveryTimeout: .seconds(3)
                    )
                )
            },
            durable: {
                let source = KafkaSinkConformanceTests.self
                return try await cluster.plain.messages(of: topic, partitions: 1).map { source.item($0, format) }
            }
        )
        subject.badRecord = { ConnectorRecord(.text(String(repeating: "x", count: 2_000_000))) }
        subject.setReachable = { try cluster.mock.setReachable($0) }
        try subject.refuseWrongSettings(
            of: KafkaSink.self,
            besides: ["brokers": ["127.0.0.1:1"], "topic": SettingInput(topic)]
        )
        return subject
    }

    private static func item(_ message: PlainMessage, _ format: MessageFormat) -> String {
        let value = message.value ?? "nothing"
        guard format == .structured else { return value }
        let record = try? StructuredEventFormat().decode(EncodedRecord(.init(utf8: value)))
        return record?.data.text ?? "not an event: \(value)"
    }
}
