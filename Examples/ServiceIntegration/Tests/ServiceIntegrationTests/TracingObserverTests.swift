// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectRuntimeKit
import OpenConnect
import Testing
import Tracing

@testable import ServiceIntegration

@Suite struct TracingObserverTests {
    private static let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    private static let otherTrace = "00-11111111111111111111111111111111-b7ad6b7169203331-00"

    /// The spans of a pipeline that delivers records, each of a trace or of none.
    private func spans(_ traces: [String?], to sink: some Sink = InMemorySink(InMemoryLog())) async throws
        -> [RecordedSpan]
    {
        let log = InMemoryLog()
        log.append(
            contentsOf: traces.map { trace in
                var record = ConnectorRecord(.text("a"))
                record[extension: "traceparent"] = trace.map { .string($0) }
                record[extension: "tracestate"] = trace.map { _ in "vendor=1" }
                return record
            }
        )
        log.finish()
        let tracer = RecordingTracer()
        let observer = TracingObserver(tracer: tracer)
        #expect(observer.interests == .spans)
        let runtime = try ConnectRuntime(
            [Pipeline("p", from: log, to: sink)],
            options: .failingOnce,
            observer: observer
        )
        try? await runtime.run()
        return tracer.spans
    }

    @Test func stepsAreSpansOfTheirKind() async throws {
        let spans = try await spans([nil])
        let kinds = Dictionary(spans.map { ($0.operationName, $0.kind) }) { first, _ in first }
        #expect(kinds["receive source"] == .consumer)
        #expect(kinds["send sink"] == .producer)
        #expect(kinds.contains { $0.key.hasPrefix("settle ") && $0.value == .client })
        #expect(TracingObserver.kind(of: .process) == .internal)
        for span in spans {
            #expect(span.end.map { $0 >= span.start } == true)
            // Within living memory: nanoseconds, not seconds.
            #expect(span.start > 1_600_000_000_000_000_000)
            #expect(span.context.trace == nil)
            #expect(span.links.isEmpty)
            #expect(span.status == nil)
        }
    }

    @Test func attributesFollowTheConventions() async throws {
        let spans = try await spans([nil, nil])
        let send = try #require(spans.first { $0.operationName == "send sink" })
        let expected: [String: SpanAttribute] = [
            "messaging.system": "openconnect", "messaging.operation.type": "send", "messaging.operation.name": "send",
            "messaging.destination.name": "sink", "messaging.batch.message_count": .int64(2),
            "openconnect.pipeline": "p",
        ]
        var found: [String: SpanAttribute] = [:]
        send.attributes.forEach { found[$0] = $1 }
        #expect(found == expected)
    }

    @Test func aCommonTraceIsTheParent() async throws {
        let spans = try await spans([Self.trace, Self.trace])
        let send = try #require(spans.first { $0.operationName == "send sink" })
        let trace = TraceContext(traceParent: Self.trace, traceState: "vendor=1")
        #expect(send.context.trace == trace)
        #expect(send.links == [trace])
    }

    @Test func severalTracesAreLinks() async throws {
        let spans = try await spans([Self.trace, Self.otherTrace, nil])
        let send = try #require(spans.first { $0.operationName == "send sink" })
        #expect(send.context.trace == nil)
        #expect(Set(send.links.map(\.traceParent)) == [Self.trace, Self.otherTrace])
    }

    @Test func errorsAreTheStatus() async throws {
        let error = ConnectorError(.fatal, "the disk is gone")
        let spans = try await spans([nil], to: FailingSink(error: error))
        let send = try #require(spans.first { $0.operationName == "send sink" })
        #expect(send.status == SpanStatus(code: .error, message: "fatal"))
        #expect(send.attributes.get("error.type") == "fatal")
    }
}
