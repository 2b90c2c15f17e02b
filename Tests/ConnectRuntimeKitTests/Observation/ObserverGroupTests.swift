// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import OpenConnect
import Synchronization
import Testing

@Suite("A group of observers")
struct ObserverGroupTests {
    private final class Recorder: RuntimeObserver {
        let interests: ObserverInterests
        private let calls = Mutex<[String]>([])
        var seen: [String] { calls.withLock(\.self) }

        init(_ interests: ObserverInterests) { self.interests = interests }

        func observe(_ event: RuntimeEvent) { calls.withLock { $0.append("event") } }
        func observe(_ metrics: RuntimeMetrics) { calls.withLock { $0.append("metrics") } }
        func observe(_ span: DeliverySpan) { calls.withLock { $0.append("\(span.operation)") } }
    }

    /// Counts how often it is asked.
    private final class Asked: RuntimeObserver {
        let count = Mutex(0)
        var interests: ObserverInterests {
            count.withLock { $0 += 1 }
            return .events
        }
        func observe(_ event: RuntimeEvent) {}
    }

    @Test("An observer is asked once what it is interested in, however much happens")
    func askedOnce() async throws {
        let (own, ofRuntime) = (Asked(), Asked())
        let pipeline = Pipeline(
            "p",
            from: GeneratorSource(count: 10),
            to: InMemorySink(InMemoryLog()),
            offsets: InMemoryOffsetStore(),
            observer: own
        )
        try await ConnectRuntime([pipeline], observer: ofRuntime).run()
        #expect(own.count.withLock(\.self) == 1 && ofRuntime.count.withLock(\.self) == 1)
    }

    @Test("Each hears what it is interested in, and the group is interested in all of it")
    func interests() async throws {
        let (log, tracer, silent) = (Recorder(.events), Recorder([.spans, .durations]), Recorder([]))
        let group = ObserverGroup(log, tracer, silent)
        #expect(group.interests == [.events, .spans, .durations])
        group.observe(RuntimeEvent(.audit, of: "p", .info, "said"))
        group.observe(RuntimeMetrics(time: .now, pipelines: []))
        #expect(log.seen == ["event", "metrics"] && tracer.seen == ["metrics"] && silent.seen == ["metrics"])
        let sink = InMemorySink(InMemoryLog())
        try await Pipeline(
            "spans",
            from: GeneratorSource(count: 1),
            to: sink,
            offsets: InMemoryOffsetStore(),
            observer: group
        ).run()
        #expect(Set(tracer.seen) == ["metrics", "receive", "send", "settle"])
        #expect(!log.seen.contains("receive") && silent.seen == ["metrics"])
        #expect(ObserverGroup([]).interests.isEmpty)
    }
}
