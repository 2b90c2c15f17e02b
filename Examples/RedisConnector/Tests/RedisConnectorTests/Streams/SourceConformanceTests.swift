// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectTestKit
import OpenConnect
import Testing

@testable import RedisConnector

@Suite("The redis-stream source keeps the contract of a source", .serialized, .timeLimit(.minutes(20)))
struct SourceConformanceTests {
    @Test(arguments: ["raw", "auto", "cloudevents-structured"])
    func `it passes the suite`(format: String) async throws {
        let limits = ConformanceLimits(call: .seconds(30), cancellation: .seconds(20))
        let report = await SourceConformance("RedisStreamSource, \(format)", limits: limits) {
            try await Self.subject(format)
        }.run()
        try report.check()
        let applicable = [
            "source.order", "source.positions", "source.data", "source.maxRecords", "source.maxBytes", "source.idle",
            "source.resume", "source.replay", "source.poll.keeps", "source.unreachable", "source.reconnect",
            "source.commit", "source.commit.order", "source.commit.concurrent", "source.partitions", "source.heldBack",
            "source.released", "source.descriptors", "source.settings",
        ]
        for name in applicable { #expect(report[name]?.verdict == .passed, "\(name): \(report)") }
        if format == "cloudevents-structured" { #expect(report["source.rejected"]?.verdict == .passed) }
    }

    private static func subject(_ format: String) async throws -> SourceSubject {
        let server = try await RedisServer()
        let settings: SettingInput = [
            "address": SettingInput(server.text), "streams": ["s0", "s1"], "group": "g", "consumer": "c",
            "createGroup": "beginning", "format": SettingInput(format), "block": "500ms",
        ]
        var subject = SourceSubject(
            partitionCount: 2,
            makeSource: { try RedisStreamSource(settings: settings) },
            write: { items, partition in
                try await server.add(items.map { Self.payload(of: $0, format) }, to: "s\(partition)")
            }
        )
        subject.item = { $0.data.text ?? String(validatingUTF8: $0.data.bytes) }
        subject.setReachable = { try await server.setRunning($0) }
        if format == "cloudevents-structured" {
            subject.writeBadInput = { try await server.add(["no event"], to: "s0") }
        }
        try subject.refuseWrongSettings(of: RedisStreamSource.self, besides: settings)
        subject.close = { await server.kill() }
        return subject
    }

    private static func payload(of item: String, _ format: String) -> String {
        guard format == "cloudevents-structured" else { return item }
        let data = String(decoding: StructuredValue.string(item).json, as: UTF8.self)
        return
            #"{"specversion":"1.0","id":"1","source":"/s","type":"t","datacontenttype":"text/plain","data":\#(data)}"#
    }
}
