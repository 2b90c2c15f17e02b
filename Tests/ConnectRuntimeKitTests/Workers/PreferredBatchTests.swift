// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Synchronization
import Testing

@Suite("Pipeline: batches that suit the sink", .timeLimit(.minutes(10)))
struct PreferredBatchTests {
    private let journal = Journal()
    private let clock = ManualClock()

    private var sizes: [Int] {
        journal.entries.filter { $0.hasPrefix("sink.put") }.map { $0.split(separator: ",").count }
    }

    private func pipeline(_ source: any Source, _ sink: any Sink) -> Pipeline {
        Pipeline("p", from: source, to: sink, offsets: InMemoryOffsetStore(), clock: clock.connectorClock)
    }

    private func sink(_ preferred: SinkTraits.PreferredBatch, first: Gate = Gate(isOpen: true)) -> ScriptedSink {
        let puts = Mutex(0)
        return ScriptedSink(
            journal: journal,
            traits: SinkTraits(preferredBatch: preferred),
            onPut: { _ in
                let number = puts.withLock { puts in
                    puts += 1
                    return puts
                }
                if number == 1 { try await first.pass() }
                return .delivered
            }
        )
    }

    @Test("by count: large batches are cut, and what came while a put ran is gathered", arguments: [1, 3, 40])
    func count(polled: Int) async throws {
        let first = Gate()
        let polls = Mutex(0)
        let source = LogSource(
            [.init("a", count: 40)],
            batch: polled,
            onPoll: { _ in
                let isLast = polls.withLock { polls in
                    polls += 1
                    return polls * polled > 40
                }
                if isLast { first.open() }
            }
        )
        // Another sink, so that the puts run in tasks of their own and polling goes on meanwhile.
        let pipeline = Pipeline(
            "p",
            from: source,
            to: [
                NamedSink("x", sink(SinkTraits.PreferredBatch(maxRecords: 7), first: first)),
                NamedSink("y", ScriptedSink(journal: Journal())),
            ],
            offsets: InMemoryOffsetStore(),
            clock: clock.connectorClock
        )
        let counts = try await pipeline.run()
        #expect(counts.delivered == 40)
        #expect(sizes.allSatisfy { $0 <= 7 } && sizes.reduce(0, +) == 40)
        let ideal = polled == 40 ? 6 : 1 + (40 - polled + 6) / 7
        #expect(sizes.count <= ideal + (polled == 3 ? 2 : 0), "\(sizes)")
        // What was polled together is cut only where too little would be put without its beginning.
        if polled == 3 { #expect(sizes.dropLast().allSatisfy { $0 % 3 == 0 }, "\(sizes)") }
    }

    @Test("by bytes: a batch is no larger than that, but for one record that alone is")
    func bytes() async throws {
        let texts = (0..<20).map { String(repeating: "x", count: $0 == 9 ? 100 : 10) }
        let source = LogSource([.init("a", texts)], batch: 20)
        try await pipeline(source, sink(SinkTraits.PreferredBatch(maxBytes: 35))).run()
        #expect(sizes == [3, 3, 3, 1, 3, 3, 3, 1])
    }

    @Test("a unit is not cut for the size of a batch")
    func units() async throws {
        let source = LogSource([.init("a", count: 20)], batch: 20, unit: 5)
        try await pipeline(source, sink(SinkTraits.PreferredBatch(maxRecords: 7))).run()
        #expect(sizes.allSatisfy { $0 % 5 == 0 } && sizes.reduce(0, +) == 20, "\(sizes)")
    }

    @Test("by time: records wait for others until there are enough, or until the first has waited for long enough")
    func linger() async throws {
        let (more, rest, end) = (Gate(), Gate(), Gate())
        let step = Mutex(0)
        let source = ScriptedSource(
            journal: journal,
            onPoll: { _ in
                let number = step.withLock { step in
                    step += 1
                    return step
                }
                switch number {
                case 1: return SourceBatch(records(1...2))
                case 2:
                    try await more.pass()
                    return SourceBatch(records(3...6))
                case 3:
                    try await rest.pass()
                    return SourceBatch(records(7...7))
                default:
                    try await end.pass()
                    return .end
                }
            }
        )
        let pipeline = pipeline(source, sink(SinkTraits.PreferredBatch(maxRecords: 4, linger: .seconds(5))))
        async let counts = pipeline.run()
        while journal.count("source.poll") < 2 { await Task.yield() }
        await clock.sleepers(atLeast: 2)
        clock.advance(by: .nanoseconds(4_999_999_999))
        for _ in 0..<200 { await Task.yield() }
        #expect(sizes.isEmpty)
        more.open()
        // Enough for a batch: it waits no longer.
        while sizes.isEmpty { await Task.yield() }
        #expect(sizes == [4])
        rest.open()
        while journal.count("source.poll") < 4 { await Task.yield() }
        for _ in 0..<50 where sizes.count < 2 {
            await Task.yield()
            clock.advance(by: .seconds(1))
        }
        #expect(sizes.reduce(0, +) == 7)
        end.open()
        #expect(try await counts.delivered == 7)
    }
}
