// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Testing

/// A source that says about its settings at the start what a test wants.
private struct MisconfiguredSource: Source {
    var error: ConnectorError?

    func start(_ context: ConnectorContext) async throws {
        if let error { throw error }
    }

    func poll(_ request: PollRequest) async throws -> SourceBatch { .end }
}

/// The same for a sink.
private struct MisconfiguredSink: Sink {
    var error: ConnectorError?

    func start(_ context: ConnectorContext) async throws {
        if let error { throw error }
    }

    func put(_ batch: RecordBatch) async throws -> PutResult { .delivered }
    func flush() async throws {}
}

@Suite("Settings that are wrong are refused by name")
struct FlawedSettingsTests {
    /// - Parameter isMade: whether the error comes at the start, and not when the connector is made.
    private func verdicts(_ error: ConnectorError?, isMade: Bool = true) async -> [ConformanceVerdict?] {
        let source = await SourceConformance("source") {
            var subject = SourceSubject(makeSource: { MisconfiguredSource() }, write: { _ in })
            subject.wrongSettings["path"] = {
                if let error, !isMade { throw error }
                return MisconfiguredSource(error: error)
            }
            return subject
        }.run(only: ["source.settings"])
        let sink = await SinkConformance("sink") {
            var subject = SinkSubject(makeSink: { MisconfiguredSink() }, durable: { [] })
            subject.wrongSettings["path"] = {
                if let error, !isMade { throw error }
                return MisconfiguredSink(error: error)
            }
            return subject
        }.run(only: ["sink.settings"])
        return [source["source.settings"]?.verdict, sink["sink.settings"]?.verdict]
    }

    @Test("one that names the setting passes, whether it is refused when it is made or at the start")
    func refused() async {
        let error = ConnectorError(.invalidConfiguration, "the path is missing")
        #expect(await verdicts(error) == [.passed, .passed])
        #expect(await verdicts(error, isMade: false) == [.passed, .passed])
    }

    @Test(
        "one that takes it, has another code, or does not say which is caught",
        arguments: [
            nil, ConnectorError(.fatal, "the path is missing"), ConnectorError(.invalidConfiguration, "it is wrong"),
        ]
    )
    func notRefused(error: ConnectorError?) async {
        #expect(await verdicts(error) == [.failed, .failed])
    }

    @Test("a subject without such settings is not judged")
    func notSupplied() async {
        let report = await SourceConformance("source") {
            SourceSubject(makeSource: { MisconfiguredSource() }, write: { _ in })
        }.run(only: ["source.settings"])
        #expect(report["source.settings"]?.verdict == .notApplicable)
    }
}
