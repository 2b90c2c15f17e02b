// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Synchronization
import Testing

/// With a manual clock a commit takes no time, so that the source's task does every commit but the first.
@Suite("Pipeline: commits by the task that polls", .timeLimit(.minutes(10)))
struct InlineCommitTests {
    private let journal = Journal()
    private let clock = ManualClock()
    private let store: NotingStore
    /// Open once the first commit has ended.
    private let goOn = Gate()
    private let end = Gate()

    init() { store = NotingStore(journal: journal) }

    private var saves: [String] { journal.entries.filter { $0.hasPrefix("save") } }
    private var commits: [String] { journal.entries.filter { $0.hasPrefix("source.commit") } }

    /// One record in each batch.
    private func source(batches: Int64) -> ScriptedSource {
        let polls = Counter()
        return ScriptedSource(
            journal: journal,
            onPoll: { _ in
                let number = polls.next()
                if number == 2 { try await goOn.pass() }
                guard number > batches else { return SourceBatch(records(number...number)) }
                try await end.pass()
                return .end
            }
        )
    }

    private func pipeline(
        _ source: any Source,
        to sink: (any Sink)? = nil,
        store: (any OffsetStore)? = nil,
        observer: any RuntimeObserver = .silent
    ) -> Pipeline {
        Pipeline(
            "p",
            from: source,
            to: sink ?? ScriptedSink(journal: journal),
            offsets: store ?? self.store,
            options: .with { options in
                options.commitInterval = .zero
                options.retry = RetryPolicy(firstDelay: .seconds(10), maxDelay: .seconds(10))
            },
            clock: clock.connectorClock,
            randomness: .longest,
            observer: observer
        )
    }

    private func passFirstCommit(of pipeline: Pipeline) async {
        while pipeline.status.counts.committed == 0 { await tick() }
        goOn.open()
    }

    private func tick(by duration: Duration = .zero) async {
        for _ in 0..<4 { await Task.yield() }
        clock.advance(by: duration)
    }

    @Test("G1: each batch is put, flushed, saved and told before the next poll")
    func order() async throws {
        let pipeline = pipeline(source(batches: 3))
        async let counts = pipeline.run()
        await passFirstCommit(of: pipeline)
        end.open()
        #expect(try await counts.committed == 3)
        #expect(
            journal.entries.drop { $0 != "sink.put 2" }.prefix { $0 != "source.stop" } == [
                "sink.put 2", "sink.flush", "save :2", "source.commit :2", "source.poll",
                "sink.put 3", "sink.flush", "save :3", "source.commit :3", "source.poll",
            ]
        )
    }

    @Test("G1: a sink that is durable on put is not flushed for it")
    func durableOnPut() async throws {
        let sink = ScriptedSink(journal: journal, traits: SinkTraits(isDurableOnPut: true))
        let pipeline = pipeline(source(batches: 2), to: sink)
        async let counts = pipeline.run()
        await passFirstCommit(of: pipeline)
        end.open()
        #expect(try await counts.committed == 2)
        #expect(
            journal.entries.drop { $0 != "sink.put 2" }.prefix(4) == [
                "sink.put 2", "save :2", "source.commit :2", "source.poll",
            ]
        )
    }

    @Test("each has a span, and its calls are timed")
    func observed() async throws {
        let watcher = DeliveryWatcher()
        let sink = ScriptedSink(journal: journal, onFlush: { [clock] in clock.advance(by: .microseconds(20)) })
        let pipeline = pipeline(source(batches: 3), to: sink, observer: watcher)
        async let counts = pipeline.run()
        await passFirstCommit(of: pipeline)
        end.open()
        #expect(try await counts.committed == 3)
        #expect(watcher.spans(.settle).map(\.duration) == Array(repeating: .microseconds(20), count: 3))
        let metrics = pipeline.metrics
        #expect(metrics.sinks[0].flushDurations.count == 3 && metrics.saveDurations.count == 3)
        #expect(metrics.commitDurations.count == 3)
    }

    @Test(
        "S43 S64: a call that fails for now is made again by the committer after the delay, while polling goes on",
        arguments: [FaultedCall.Method.flush, .save]
    )
    func failure(method: FaultedCall.Method) async throws {
        let faults = FaultScript { $0.method == method && $0.number == 1 ? .busy : nil }
        let pipeline = pipeline(
            source(batches: 3),
            to: FaultySink(ScriptedSink(journal: journal), faults),
            store: FaultyOffsetStore(store, faults)
        )
        async let counts = pipeline.run()
        await passFirstCommit(of: pipeline)
        while journal.count("source.poll") < 3 { await tick() }
        if method == .save { while journal.count("sink.put 3") == 0 { await tick() } }
        #expect(saves == ["save :1"] && commits == ["source.commit :1"] && faults.count(of: method) == 2)
        let waiting = method == .save ? "save of the offset store" : "flush of the sink"
        #expect(!pipeline.status.calls.contains { $0.description == waiting })
        while commits.count < 2 { await tick(by: .seconds(1)) }
        end.open()
        #expect(try await counts.committed == 3)
        #expect(commits == ["source.commit :1", "source.commit :2", "source.commit :3"])
        #expect(faults.count(of: method) == 4)
        // What was flushed before the failed save is not flushed again.
        if method == .save { #expect(journal.count("sink.flush") == 3) }
    }

    @Test("S43: a save that fails for good ends the pipeline, and the source is told nothing of it")
    func failureForGood() async throws {
        let fault = Fault.fails(ConnectorError(.fatal, "no disk"))
        let faults = FaultScript { $0.method == .save && $0.number == 1 ? fault : nil }
        let pipeline = pipeline(source(batches: 3), store: FaultyOffsetStore(store, faults))
        async let error = ConnectRuntimeKitTests.failure(of: pipeline)
        await passFirstCommit(of: pipeline)
        end.open()
        #expect(await error?.message == "no disk")
        #expect(commits == ["source.commit :1"] && saves == ["save :1"])
    }

    @Test("S42: a source that cannot take note is told the newest later")
    func failingReport() async throws {
        let failures = Counter()
        var source = source(batches: 3)
        source.onCommit = { _ in if failures.next() == 2 { throw ConnectorError(.notConnected, "away") } }
        let pipeline = pipeline(source)
        async let counts = pipeline.run()
        await passFirstCommit(of: pipeline)
        while !saves.contains("save :3") { await tick() }
        #expect(commits == ["source.commit :1", "source.commit :2"])
        while commits.count < 3 { await tick(by: .seconds(1)) }
        end.open()
        #expect(try await counts.committed == 3)
        #expect(commits.last == "source.commit :3")
    }

    @Test("S42: where telling the source is what commits, that is tried again, and nothing is committed before")
    func failingReportThatCommits() async throws {
        let failures = Counter()
        var source = source(batches: 3)
        source.traits.positions = .upstream
        source.onCommit = { _ in if failures.next() == 2 { throw ConnectorError(.notConnected, "away") } }
        let pipeline = pipeline(source)
        async let counts = pipeline.run()
        await passFirstCommit(of: pipeline)
        while journal.count("source.poll") < 4 { await tick() }
        #expect(commits == ["source.commit :1", "source.commit :2"] && pipeline.status.counts.committed == 1)
        #expect(!pipeline.status.calls.contains { $0.description == "commit of the source" })
        while commits.count < 3 { await tick(by: .seconds(1)) }
        end.open()
        #expect(try await counts.committed == 3)
        #expect(commits.last == "source.commit :3")
    }

    @Test("G1: a commit of the last batch is over before the committer does one, and nothing is left for that")
    func last() async throws {
        let hang = Gate()
        let calls = Counter()
        let polls = Counter()
        let source = ScriptedSource(
            journal: journal,
            onPoll: { _ in
                let number = polls.next()
                if number == 2 { try await goOn.pass() }
                return SourceBatch(records(number...number), isEnd: number == 2)
            }
        )
        let store = FailingStore(InMemoryOffsetStore()) { [journal] in
            journal.note("save")
            if calls.next() == 2 { await hang.passIgnoringCancellation() }
        }
        let pipeline = pipeline(source, store: store)
        async let counts = pipeline.run()
        await passFirstCommit(of: pipeline)
        await hang.arrivals()
        for _ in 0..<100 { await tick() }
        hang.open()
        #expect(try await counts.committed == 2)
        #expect(journal.count("sink.flush") == 2 && journal.count("save") == 2)
        #expect(commits == ["source.commit :1", "source.commit :2"])
    }

    @Test("G11: a stop meanwhile lets the commit end, and nothing is polled after it")
    func stop() async throws {
        let hang = Gate()
        let isCancelled = Mutex(false)
        let slow = FailingStore(InMemoryOffsetStore()) { [saves = Counter()] in
            guard saves.next() == 2 else { return }
            await hang.passIgnoringCancellation()
            isCancelled.withLock { $0 = Task.isCancelled }
        }
        let pipeline = pipeline(source(batches: 3), store: slow)
        async let counts = pipeline.run()
        await passFirstCommit(of: pipeline)
        await hang.arrivals()
        pipeline.stop()
        while pipeline.status.state != .draining { await tick() }
        for _ in 0..<100 { await tick() }
        hang.open()
        #expect(try await counts.committed == 2)
        #expect(!isCancelled.withLock { $0 })
        #expect(commits == ["source.commit :1", "source.commit :2"] && journal.count("source.poll") == 2)
    }

    @Test(
        "S67: a commit demanded meanwhile by a pause begins no second one, and the call is known to who asks",
        arguments: ["flush of the sink", "save of the offset store", "commit of the source"]
    )
    func demanded(call: String) async throws {
        let hang = Gate()
        let calls = Counter()
        let hold: @Sendable (String) async -> Void = { name in
            if name == call, calls.next() == 2 { await hang.passIgnoringCancellation() }
        }
        var source = source(batches: 3)
        source.onCommit = { _ in await hold("commit of the source") }
        let pipeline = pipeline(
            source,
            to: ScriptedSink(journal: journal, onFlush: { await hold("flush of the sink") }),
            store: FailingStore(InMemoryOffsetStore()) { await hold("save of the offset store") }
        )
        async let counts = pipeline.run()
        await passFirstCommit(of: pipeline)
        await hang.arrivals()
        async let isAtRest = pipeline.pause()
        for _ in 0..<100 { await tick() }
        #expect(pipeline.status.calls.map(\.description) == [call])
        hang.open()
        #expect(await isAtRest && pipeline.status.calls.isEmpty)
        #expect(commits == ["source.commit :1", "source.commit :2"] && pipeline.status.counts.committed == 2)
        #expect(journal.count("sink.flush") == 2)
        pipeline.resume()
        end.open()
        #expect(try await counts.committed == 3)
        #expect(commits == ["source.commit :1", "source.commit :2", "source.commit :3"])
    }

    @Test("S73: what a put delivers during which the run is cancelled is not committed")
    func cancelled() async throws {
        let hang = Gate()
        let puts = Counter()
        let sink = ScriptedSink(
            journal: journal,
            onPut: { _ in
                if puts.next() == 2 { await hang.passIgnoringCancellation() }
                return .delivered
            }
        )
        let pipeline = pipeline(source(batches: 3), to: sink)
        await withTaskGroup { group in
            group.addTask { _ = await ConnectRuntimeKitTests.failure(of: pipeline) }
            await passFirstCommit(of: pipeline)
            await hang.arrivals()
            group.cancelAll()
            hang.open()
        }
        #expect(saves == ["save :1"] && journal.count("sink.flush") == 1)
        #expect(pipeline.status.counts.delivered == 2)
    }

    @Test("S66: the first commit, of which nothing is known, does not keep the source from being polled")
    func first() async throws {
        goOn.open()
        let (hang, saved) = (Gate(), Counter())
        let slow = FailingStore(InMemoryOffsetStore()) {
            if saved.next() == 1 { await hang.passIgnoringCancellation() }
        }
        let pipeline = pipeline(source(batches: 2), store: slow)
        async let counts = pipeline.run()
        await hang.arrivals()
        for _ in 0..<10_000 where journal.count("sink.put 2") == 0 { await tick() }
        #expect(journal.count("sink.put 2") == 1)
        hang.open()
        end.open()
        #expect(try await counts.committed == 2)
    }

    @Test("S66: after a commit that took long, the next one does not keep the source from being polled")
    func slow() async throws {
        let (hang, saved) = (Gate(), Counter())
        let slow = FailingStore(InMemoryOffsetStore()) { [clock] in
            switch saved.next() {
            case 2: clock.advance(by: .milliseconds(1))
            case 3: await hang.passIgnoringCancellation()
            default: break
            }
        }
        let pipeline = pipeline(source(batches: 4), store: slow)
        async let counts = pipeline.run()
        await passFirstCommit(of: pipeline)
        await hang.arrivals()
        for _ in 0..<10_000 where journal.count("sink.put 4") == 0 { await tick() }
        #expect(journal.count("sink.put 4") == 1)
        hang.open()
        end.open()
        #expect(try await counts.committed == 4)
    }
}

/// Counts from 1 on.
private final class Counter: Sendable {
    private let count = Mutex<Int64>(0)

    func next() -> Int64 {
        count.withLock { count in
            count += 1
            return count
        }
    }
}
