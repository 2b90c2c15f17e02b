// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Synchronization
import Testing

/// A source whose poll returns when a test has fed it, and that notes when polling rests.
private final class FedSource: FlowObserving, CommittingSource {
    let journal: Journal
    private let fed = Mutex<[SourceBatch]>([])
    let isPolled = Gate()

    init(_ journal: Journal) { self.journal = journal }

    func feed(_ batch: SourceBatch) {
        fed.withLock { $0.append(batch) }
    }

    func poll(_ request: PollRequest) async throws -> SourceBatch {
        journal.note("poll")
        isPolled.open()
        while true {
            if let batch = fed.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { return batch }
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    func commit(_ positions: [RecordPosition]) async throws { journal.note("commit") }
    func pollingWillRest() async { journal.note("rest") }
    func pollingWillResume() async { journal.note("resume") }
}

@Suite("Pipeline: pause", .timeLimit(.minutes(10)))
struct PauseTests {
    private let journal = Journal()
    private let store = InMemoryOffsetStore()
    private let output = Output()

    private func pipeline(
        _ source: any Source,
        through functions: [any RecordFunction] = [],
        _ options: DeliveryOptions = .with { $0.commitInterval = .seconds(3600) },
        onPut: @escaping @Sendable () async throws -> Void = {}
    ) -> Pipeline {
        let (journal, output) = (journal, output)
        return Pipeline(
            "p",
            from: source,
            through: functions,
            to: ScriptedSink(
                journal: journal,
                onPut: { batch in
                    try await onPut()
                    output.append(batch)
                    return .delivered
                }
            ),
            offsets: store,
            options: options
        )
    }

    @Test("S32 a pause commits what is in flight; the suspended poll is kept, and what it returns, until it goes on")
    func keepsSuspendedPoll() async throws {
        let source = FedSource(journal)
        let pipeline = pipeline(source)
        async let counts = pipeline.run()
        source.feed(SourceBatch(records(1...3)))
        try await source.isPolled.pass()
        while output.count < 3 { await Task.yield() }
        #expect(await pipeline.pause())
        #expect(pipeline.status.counts.committed == 3, "although the interval is an hour")
        let polls = journal.count("poll")
        source.feed(SourceBatch(records(4...5)))
        while journal.count("rest") == 0 { await Task.yield() }
        #expect(journal.count("poll") == polls && output.count == 3)
        pipeline.resume()
        while output.count < 5 { await Task.yield() }
        #expect(journal.count("resume") == 1)
        pipeline.stop()
        #expect(try await counts.committed == 5)
    }

    @Test("a source that wants to know when polling rests is polled while a put hangs: it follows its group there")
    func pollsBesideHangingPut() async throws {
        let source = FedSource(journal)
        let mayPut = Gate()
        let pipeline = pipeline(source) { try await mayPut.pass() }
        async let counts = pipeline.run()
        source.feed(SourceBatch(records(1...3)))
        await mayPut.arrivals(1)
        var turns = 0
        while journal.count("poll") < 2, turns < 1_000_000 {
            turns += 1
            await Task.yield()
        }
        #expect(journal.count("poll") == 2)
        mayPut.open()
        pipeline.stop()
        #expect(try await counts.committed == 3)
    }

    @Test(
        "a pause ends when the put that is running does, and waits no longer for a larger batch",
        arguments: [false, true]
    )
    func deliversWhatIsInFlight(lingers: Bool) async throws {
        let source = FedSource(journal)
        let mayPut = Gate()
        let output = output
        let sink = ScriptedSink(
            journal: journal,
            traits: SinkTraits(preferredBatch: .init(maxRecords: 100, linger: lingers ? .seconds(3600) : .zero)),
            onPut: { batch in
                try await mayPut.pass()
                output.append(batch)
                return .delivered
            }
        )
        let pipeline = Pipeline(
            "p",
            from: source,
            to: sink,
            offsets: store,
            options: .with { $0.commitInterval = .seconds(3600) }
        )
        async let counts = pipeline.run()
        source.feed(SourceBatch(records(1...3)))
        while pipeline.status.counts.polled < 3 { await Task.yield() }
        async let isAtRest = pipeline.pause()
        if !lingers { await mayPut.arrivals(1) }
        #expect(output.count == 0)
        mayPut.open()
        #expect(await isAtRest)
        #expect(output.count == 3 && pipeline.status.counts.committed == 3)
        pipeline.stop()
        #expect(try await counts.committed == 3)
    }

    @Test("what functions are to see waits for the end of a pause as well, and a stop delivers it")
    func functionsWait() async throws {
        let source = FedSource(journal)
        let seen = Output()
        let pipeline = pipeline(
            source,
            through: [
                .map { record in
                    seen.append(record.text)
                    return record
                }
            ]
        )
        async let counts = pipeline.run()
        try await source.isPolled.pass()
        #expect(await pipeline.pause())
        source.feed(SourceBatch(records(1...2)))
        while journal.count("rest") == 0 { await Task.yield() }
        #expect(seen.count == 0)
        pipeline.stop()
        #expect(try await counts.committed == 2)
        #expect(output.rows == ["1", "2"])
    }

    @Test("a pause that is over before everything is at rest says so, and so does one of a pipeline that does not run")
    func endsEarly() async throws {
        let source = FedSource(journal)
        let mayPut = Gate()
        let pipeline = pipeline(source) { try await mayPut.pass() }
        #expect(await !pipeline.pause())
        async let counts = pipeline.run()
        source.feed(SourceBatch(records(1...3)))
        await mayPut.arrivals(1)
        async let isAtRest = pipeline.pause()
        while pipeline.status.calls.isEmpty { await Task.yield() }
        await Task.yield()
        pipeline.resume()
        mayPut.open()
        _ = await isAtRest
        pipeline.stop()
        #expect(try await counts.committed == 3)
        #expect(await !pipeline.pause())
    }

    @Test("pausing and going on at random loses nothing and changes no order", arguments: 0..<20 as Range<UInt64>)
    func atRandom(seed: UInt64) async throws {
        let source = LogSource([.init("a", count: 300), .init("b", count: 300)], batch: 3)
        let pipeline = pipeline(source, .with { $0.commitInterval = .milliseconds(1) }) { await Task.yield() }
        let counts = try await withThrowingTaskGroup(of: DeliveryCounts?.self) { group in
            group.addTask { try await pipeline.run() }
            group.addTask {
                var generator = SeededGenerator(seed: seed)
                while !Task.isCancelled {
                    for _ in 0..<Int.random(in: 0...20, using: &generator) { await Task.yield() }
                    if await pipeline.pause() {
                        let before = output.count
                        for _ in 0..<Int.random(in: 0...5, using: &generator) { await Task.yield() }
                        #expect(output.count == before)
                    }
                    pipeline.resume()
                }
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
        #expect(counts?.committed == 600)
        for name in ["a", "b"] { #expect(output.rows(of: name) == (0..<300).map { "\(name)\($0)" }) }
    }
}
