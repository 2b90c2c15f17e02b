// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Synchronization
import Testing

/// A stop ends a back-off of an hour on a clock that nobody moves: a test that hangs has failed.
@Suite("Pipeline: stop inside a back-off", .timeLimit(.minutes(10)))
struct PromptStopTests {
    private let journal = Journal()
    private let clock = ManualClock()
    private let store = InMemoryOffsetStore()
    private static let hour = RetryPolicy(firstDelay: .seconds(3600), maxDelay: .seconds(3600), maxAttempts: nil)

    private func options(_ tolerance: ErrorTolerance = .stop) -> DeliveryOptions {
        .with {
            $0.retry = Self.hour
            $0.outage = Self.hour
            $0.onError = tolerance
        }
    }

    /// Stops the pipeline as soon as something has failed, and everything has come to rest.
    private func stop(_ pipeline: Pipeline, after failed: Gate) async throws -> Outcome {
        async let ended = ending(of: pipeline)
        try await failed.pass()
        for _ in 0..<500 { await Task.yield() }
        pipeline.stop()
        return await ended
    }

    private func pipeline(
        _ source: any Source,
        through functions: [any RecordFunction] = [],
        _ sink: any Sink,
        _ options: DeliveryOptions,
        letters: DeadLetters? = nil
    ) -> Pipeline {
        Pipeline(
            "p",
            from: source,
            through: functions,
            to: sink,
            offsets: store,
            deadLetters: letters,
            options: options,
            clock: clock.connectorClock,
            randomness: PipelineRandomness { .max }
        )
    }

    @Test(
        "S80 G11: in the back-off of a put; what is committable is committed, the rest is read again",
        arguments: [ConnectorError.Code.retryable, .throttled, .notConnected],
        [1, 4]
    )
    func put(code: ConnectorError.Code, concurrent: Int) async throws {
        let failed = Gate()
        let sink = ScriptedSink(
            journal: journal,
            traits: SinkTraits(maxConcurrentPuts: concurrent),
            onPut: { batch in
                guard batch.contains(where: { $0.text == "a4" }) else { return .delivered }
                failed.open()
                throw ConnectorError(code, "not now")
            }
        )
        let source = LogSource([.init("a", count: 40)], batch: 4)
        let result = try await stop(pipeline(source, sink, options()), after: failed)
        #expect(result.error == nil)
        #expect(try await store.stored("p").map(\.position.offset) == [RecordOffset(3)])
        #expect(result.counts.committed == 4)
        // Others of its lane may be put together with it.
        #expect(journal.entries.filter { $0.hasPrefix("sink.put a4,a5,a6,a7") }.count == 1)
    }

    @Test("S60 G11: in the wait that a verdict asks for; other partitions are delivered and committed")
    func verdict() async throws {
        let failed = Gate()
        let sink = ScriptedSink(
            journal: journal,
            onPut: { batch in
                if batch.contains(where: { $0.text == "b3" }) { failed.open() }
                guard let index = batch.firstIndex(where: { $0.text == "a1" }) else { return .delivered }
                return .stopped(at: index, of: batch.count, .retry(after: .seconds(3600)))
            }
        )
        let source = LogSource([.init("a", count: 4), .init("b", count: 4)], batch: 2, staysOpen: true)
        let result = try await stop(pipeline(source, sink, options()), after: failed)
        #expect(result.error == nil)
        let stored = try await store.stored("p").map { "\($0.position.partition.name)\($0.position.offset)" }.sorted()
        #expect(stored == ["a0", "b3"])
    }

    @Test("S48 G11: in the back-off of a poll")
    func poll() async throws {
        let failed = Gate()
        let script = Script([SourceBatch(records(1...2))]) {
            failed.open()
            throw ConnectorError(.retryable, "not now")
        }
        let source = ScriptedSource(journal: journal, onPoll: { _ in try await script.next() })
        let result = try await stop(pipeline(source, ScriptedSink(journal: journal), options()), after: failed)
        #expect(result.error == nil)
        #expect(result.counts.committed == 2)
    }

    @Test(
        "G11 S76: in the back-off of a function; the record is not given up for it",
        arguments: [ErrorTolerance.stop, .deadLetter, .drop]
    )
    func function(tolerance: ErrorTolerance) async throws {
        let failed = Gate()
        let function = InlineFunction { record in
            guard record.text == "a4" else { return .record(record) }
            failed.open()
            throw ConnectorError(.retryable, "not now")
        }
        let pipeline = pipeline(
            LogSource([.init("a", count: 8)], batch: 4),
            through: [function],
            ScriptedSink(journal: journal),
            options(tolerance),
            letters: .sink(ScriptedSink(journal: Journal()))
        )
        let result = try await stop(pipeline, after: failed)
        #expect(result.error == nil)
        #expect(result.counts.dropped == 0 && result.counts.deadLettered == 0)
        #expect(try await store.stored("p").map(\.position.offset) == [RecordOffset(3)])
    }

    @Test("G9 G11: a failure elsewhere ends the back-off of a function; the record is read again")
    func functionBesideAFailure() async throws {
        let isBackingOff = Gate()
        let function = InlineFunction { _ in
            isBackingOff.open()
            throw ConnectorError(.notConnected, "not now")
        }
        let log = LogSource([.init("a", count: 8)], batch: 4)
        let source = ScriptedSource(
            journal: journal,
            onStart: { context in
                try await log.start(context)
                context.addTask(named: "beside") {
                    try await isBackingOff.pass()
                    throw ConnectorError(.fatal, "broken beside")
                }
            },
            onPoll: { try await log.poll($0) }
        )
        let outcome = await ending(of: pipeline(source, through: [function], ScriptedSink(journal: journal), options()))
        #expect(outcome.error?.message.contains("broken beside") == true)
        #expect(outcome.counts.delivered == 0 && outcome.counts.dropped == 0)
        #expect(try await store.stored("p").isEmpty)
    }

    @Test("G11 S83: in the back-off of the dead letters; what comes before the bad record is committed")
    func letters() async throws {
        let failed = Gate()
        let sink = ScriptedSink(
            journal: journal,
            onPut: { batch in
                guard let index = batch.firstIndex(where: { $0.text == "a2" }) else { return .delivered }
                return .verdicts([index: .reject(ConnectorError(.invalidRecord, "bad"))])
            }
        )
        let broken = ScriptedSink(
            journal: Journal(),
            onPut: { _ in
                failed.open()
                throw ConnectorError(.retryable, "not now")
            }
        )
        let source = LogSource([.init("a", count: 8)], batch: 4)
        let result = try await stop(pipeline(source, sink, options(.deadLetter), letters: .sink(broken)), after: failed)
        #expect(try await store.stored("p").map(\.position.offset) == [RecordOffset(1)])
        #expect(result.counts.deadLettered == 0)
    }

    @Test("G11: in the back-off of a start", arguments: [true, false])
    func start(ofSink: Bool) async throws {
        let failed = Gate()
        let onStart: @Sendable (ConnectorContext) async throws -> Void = { _ in
            failed.open()
            throw ConnectorError(.notConnected, "not now")
        }
        var source = ScriptedSource(journal: journal)
        var sink = ScriptedSink(journal: journal)
        if ofSink { sink.onStart = onStart } else { source.onStart = onStart }
        _ = try await stop(pipeline(source, sink, options()), after: failed)
        #expect(journal.count("source.poll") == 0)
        #expect(journal.count("sink.stop") == journal.count("sink.start"))
        #expect(journal.count("source.stop") == journal.count("source.start"))
    }

    @Test("G11: in the back-off of a flush, or of the offset store", arguments: [true, false])
    func commit(isFlush: Bool) async throws {
        let failed = Gate()
        let fail: @Sendable () throws -> Void = {
            failed.open()
            throw ConnectorError(.retryable, "not now")
        }
        let sink = ScriptedSink(journal: journal, onFlush: { if isFlush { try fail() } })
        let failing = FailingStore(store) { if !isFlush { try fail() } }
        let script = Script([SourceBatch(records(1...2), quiet: .zero)]) {
            try await Task.sleep(for: .seconds(3600))
            return .end
        }
        let pipeline = Pipeline(
            "p",
            from: ScriptedSource(journal: journal, onPoll: { _ in try await script.next() }),
            to: sink,
            offsets: failing,
            options: options(),
            clock: clock.connectorClock,
            randomness: PipelineRandomness { .max }
        )
        let result = try await stop(pipeline, after: failed)
        #expect(result.error?.code == .retryable, "what could not be committed is told")
        #expect(try await store.stored("p").isEmpty)
    }

    @Test("G11 S42: while the source is to be told of a commit again; it is told once more at the end")
    func commit() async throws {
        let failed = Gate()
        let tries = Mutex(0)
        let source = ScriptedSource(
            journal: journal,
            onPoll: { _ in
                guard !failed.isOpen, journal.count("source.poll") == 1 else {
                    try await Task.sleep(for: .seconds(3600))
                    return .end
                }
                return SourceBatch(records(1...2), quiet: .zero)
            },
            onCommit: { _ in
                let number = tries.withLock { tries in
                    tries += 1
                    return tries
                }
                failed.open()
                if number == 1 { throw ConnectorError(.retryable, "not now") }
            }
        )
        let result = try await stop(pipeline(source, ScriptedSink(journal: journal), options()), after: failed)
        #expect(result.error == nil && result.counts.committed == 2)
        #expect(journal.entries.filter { $0.hasPrefix("source.commit") } == ["source.commit :2", "source.commit :2"])
    }

    @Test("G11: while records are to be acknowledged again; they are acknowledged at the end")
    func acknowledge() async throws {
        let source = TokenSource(journal, count: 2, failing: 1, staysOpen: true)
        let result = try await stop(pipeline(source, ScriptedSink(journal: journal), options()), after: source.failed)
        #expect(result.error == nil && result.counts.committed == 2)
        #expect(source.acknowledged == ["0 delivered", "1 delivered"])
    }
}
