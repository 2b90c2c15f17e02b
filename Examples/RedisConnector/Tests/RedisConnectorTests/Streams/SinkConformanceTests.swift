// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Testing

@testable import RedisConnector

@Suite("The redis-stream sink keeps the contract of a sink", .serialized, .timeLimit(.minutes(20)))
struct SinkConformanceTests {
    @Test(arguments: [("raw", "out"), ("cloudevents-binary", "out"), ("raw", "{type}")])
    func `it passes the suite`(format: String, stream: String) async throws {
        let limits = ConformanceLimits(call: .seconds(30), cancellation: .seconds(20))
        let report = await SinkConformance("RedisStreamSink, \(format) to \(stream)", limits: limits) {
            try await Self.subject(format, stream)
        }.run()
        try report.check()
        var applicable = [
            "sink.order", "sink.flush", "sink.large", "sink.data", "sink.put.cancelled", "sink.unreachable",
            "sink.outage", "sink.settings", "sink.released", "sink.descriptors", "sink.restart",
        ]
        if stream != "out" { applicable += ["sink.verdicts", "sink.notTried"] }
        for name in applicable { #expect(report[name]?.verdict == .passed, "\(name): \(report)") }
    }

    private static func subject(_ format: String, _ stream: String) async throws -> SinkSubject {
        let server = try await RedisServer()
        let settings: SettingInput = [
            "address": SettingInput(server.text), "stream": SettingInput(stream), "format": SettingInput(format),
        ]
        var subject = SinkSubject(
            makeSink: { try RedisStreamSink(settings: settings) },
            durable: { try await server.items(of: "out") }
        )
        if stream != "out" {
            try await server.run("SET", "taken", "by a text")
            subject.record = { item in
                var record = ConnectorRecord(.text(item))
                record.type = "out"
                return record
            }
            subject.badRecord = {
                var record = ConnectorRecord("never accepted")
                record.type = "taken"
                return record
            }
        } else {
            subject.badRecord = {
                var record = ConnectorRecord("never accepted")
                record.headers = [RecordHeader("data", "reserved")]
                return record
            }
        }
        subject.setReachable = { try await server.setRunning($0) }
        subject.close = { await server.kill() }
        try subject.refuseWrongSettings(of: RedisStreamSink.self, besides: settings)
        return subject
    }
}
