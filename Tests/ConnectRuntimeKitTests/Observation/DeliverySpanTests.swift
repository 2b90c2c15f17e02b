// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectTestKit
import OpenConnect
import Synchronization
import Testing

@testable import ConnectRuntimeKit

/// Collects spans.
private final class Tracer: RuntimeObserver {
    private let state = Mutex<[DeliverySpan]>([])
    var interests: ObserverInterests { .spans }
    var spans: [DeliverySpan] { state.withLock { $0 } }
    func observe(_ event: RuntimeEvent) {}
    func observe(_ span: DeliverySpan) { state.withLock { $0.append(span) } }
    func of(_ operation: DeliverySpan.Operation) -> [DeliverySpan] { spans.filter { $0.operation == operation } }
}

@Suite("Observation: spans", .timeLimit(.minutes(10)))
struct DeliverySpanTests {
    private let journal = Journal()
    private let tracer = Tracer()

    /// Records, each of the trace of its number, or of none for 0.
    private func traced(_ traces: [Int], from first: Int64 = 1) -> [ConnectorRecord] {
        var records = records(first...(first + Int64(traces.count) - 1))
        for (index, trace) in traces.enumerated() where trace > 0 {
            records[index][extension: "traceparent"] = .string(Self.parent(trace))
            records[index][extension: "tracestate"] = .string("vendor=\(trace)")
        }
        return records
    }

    private static func parent(_ number: Int) -> String {
        let digits = String(number, radix: 16)
        return "00-" + String(repeating: "0", count: 32 - digits.count) + digits + "-00f067aa0ba902b7-01"
    }

    private func pipeline(
        _ batches: [SourceBatch],
        through functions: [any RecordFunction] = [],
        to sinks: [NamedSink],
        clock: ManualClock = ManualClock(),
        poll: Duration = .zero
    ) -> Pipeline {
        let script = Script(batches)
        var options = DeliveryOptions()
        options.commitInterval = .seconds(3600)
        return Pipeline(
            "p",
            from: ScriptedSource(
                journal: journal,
                onPoll: { _ in
                    clock.advance(by: poll)
                    return try await script.next()
                }
            ),
            through: functions,
            to: sinks,
            offsets: InMemoryOffsetStore(),
            options: options,
            clock: clock.connectorClock,
            observer: tracer
        )
    }

    @Test(
        "a record's trace is linked to each step from its poll to its commit, and goes through untouched",
        arguments: [false, true]
    )
    func wholeWay(hasFunction: Bool) async throws {
        let received = Mutex<[ConnectorRecord]>([])
        let sink = ScriptedSink(
            journal: journal,
            onPut: { batch in
                received.withLock { $0 += batch.records }
                return .delivered
            }
        )
        let sent = traced([1, 1, 2, 0])
        let pipeline = pipeline(
            [SourceBatch(sent)],
            through: hasFunction ? [.map { $0 }] : [],
            to: [NamedSink("s", sink)]
        )
        try await pipeline.run()
        #expect(received.withLock { $0.map(\.extensions) } == sent.map(\.extensions))
        let operations = tracer.spans.map(\.operation)
        #expect(operations == (hasFunction ? [.receive, .process, .send, .settle] : [.receive, .send, .settle]))
        for span in tracer.spans {
            #expect(span.links.map(\.traceParent.string) == [Self.parent(1), Self.parent(2)], "\(span)")
            #expect(span.links.map(\.traceState) == ["vendor=1", "vendor=2"])
            #expect(span.records == 4 && span.parent == nil && span.errorCode == nil && span.pipeline == "p")
        }
        #expect(tracer.spans.map(\.connector).first == "source" && tracer.of(.send)[0].connector == "s")
    }

    @Test("where all records of a step share a trace, it is the parent")
    func parent() async throws {
        let pipeline = pipeline([SourceBatch(traced([7, 7]))], to: [NamedSink("s", ScriptedSink(journal: journal))])
        try await pipeline.run()
        for span in tracer.spans { #expect(span.parent?.traceParent.string == Self.parent(7)) }
        #expect(tracer.spans.count == 3)
    }

    @Test("links are bounded, and what cannot be read is no link")
    func bounds() async throws {
        var batch = traced(Array(1...200))
        batch[0][extension: "traceparent"] = .string("nonsense")
        let pipeline = pipeline([SourceBatch(batch)], to: [NamedSink("s", ScriptedSink(journal: journal))])
        try await pipeline.run()
        for span in tracer.spans {
            #expect(span.links.count == DeliverySpan.maxLinks && span.droppedLinks == 199 - DeliverySpan.maxLinks)
            #expect(span.records == 200)
        }
    }

    @Test("a span has the duration of its call, and the code of its error")
    func failures() async throws {
        let clock = ManualClock()
        let puts = Atomic(0)
        let sink = ScriptedSink(
            journal: journal,
            onPut: { _ in
                clock.advance(by: .milliseconds(4))
                if puts.add(1, ordering: .relaxed).newValue == 1 { throw ConnectorError(.retryable, "busy") }
                return .delivered
            },
            onFlush: { clock.advance(by: .milliseconds(9)) }
        )
        let pipeline = pipeline(
            [SourceBatch(traced([1, 2]))],
            to: [NamedSink("s", sink)],
            clock: clock,
            poll: .milliseconds(2)
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await pipeline.run() }
            while puts.load(ordering: .relaxed) == 0 { await Task.yield() }
            while tracer.of(.send).isEmpty { await Task.yield() }
            #expect(tracer.of(.send)[0].errorCode == "retryable" && tracer.of(.send)[0].duration == .milliseconds(4))
            try await clock.ticking(by: .milliseconds(50)) {
                while puts.load(ordering: .relaxed) < 2 { await Task.yield() }
            }
            try await group.waitForAll()
        }
        #expect(tracer.of(.receive)[0].duration == .milliseconds(2))
        let again = tracer.of(.send)[1]
        #expect(again.errorCode == nil && again.links == tracer.of(.receive)[0].links)
        let settle = try #require(tracer.of(.settle).last)
        #expect(settle.records == 2 && settle.end > settle.start)
    }

    @Test("a commit that fails leaves its traces to the next one")
    func failedCommit() async throws {
        let sink = ScriptedSink(journal: journal, onFlush: { throw ConnectorError(.fatal, "disk") })
        let pipeline = pipeline([SourceBatch(traced([1]))], to: [NamedSink("s", sink)])
        #expect(await failure(of: pipeline) != nil)
        #expect(tracer.of(.settle).first?.errorCode == "fatal" && tracer.of(.settle).first?.records == 1)
    }
}
