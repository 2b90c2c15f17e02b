// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Testing

@testable import MySystemConnector

/// Holds both connectors against every promise of their contracts. A check that fails says what was expected, what was
/// seen, and what to do.
@Suite(.timeLimit(.minutes(5)))
struct ConformanceTests {
    @Test func `the source keeps its contract`() async throws {
        let report = await SourceConformance("MySystemSource") {
            let system = try TestSystem()
            var subject = SourceSubject(
                makeSource: { MySystemSource(path: system.path, pollInterval: .milliseconds(2)) },
                write: { items in try await system.add(items) }
            )
            subject.writeBadInput = { try await system.addUnreadable() }
            subject.setReachable = { try system.setReachable($0) }
            try subject.refuseWrongSettings(of: MySystemSource.self, besides: ["path": "messages.log"])
            return subject
        }.run()
        try report.check()
        // What would otherwise count as not applicable, without a word, if the subject did not supply it any more.
        for name in ["source.resume", "source.replay", "source.rejected", "source.reconnect", "source.settings"] {
            #expect(report[name]?.verdict == .passed, "\(name)")
        }
    }

    @Test func `the sink keeps its contract`() async throws {
        let report = await SinkConformance("MySystemSink") {
            let system = try TestSystem()
            var subject = SinkSubject(
                makeSink: { MySystemSink(path: system.path) },
                durable: { try system.messages() }
            )
            subject.badRecord = { ConnectorRecord("two\nlines") }
            subject.setReachable = { try system.setReachable($0) }
            try subject.refuseWrongSettings(of: MySystemSink.self, besides: ["path": "messages.log"])
            return subject
        }.run()
        try report.check()
        for name in ["sink.order", "sink.flush", "sink.verdicts", "sink.outage", "sink.settings"] {
            #expect(report[name]?.verdict == .passed, "\(name)")
        }
    }
}
