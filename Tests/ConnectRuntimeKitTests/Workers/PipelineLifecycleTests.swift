// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Testing

@Suite("Pipeline: life of a run", .timeLimit(.minutes(10)))
struct PipelineLifecycleTests {
    private let journal = Journal()
    private let store = InMemoryOffsetStore()

    private func pipeline(
        _ source: ScriptedSource,
        _ sink: ScriptedSink,
        options: DeliveryOptions = DeliveryOptions(),
        clock: ConnectorClock = .continuous
    ) -> Pipeline {
        Pipeline("p", from: source, to: sink, offsets: store, options: options, clock: clock)
    }

    @Test("S57 G1: calls come in the order start, put, flush, commit, stop; sinks start first and stop last")
    func orderOfCalls() async throws {
        let script = Script([SourceBatch(records(1...2)), SourceBatch(records(3...3))])
        let counts = try await pipeline(
            ScriptedSource(journal: journal, onPoll: { _ in try await script.next() }),
            ScriptedSink(journal: journal)
        ).run()
        let calls = journal.entries.filter { $0 != "source.poll" }
        #expect(
            calls == [
                "sink.start", "source.start", "sink.put 1,2", "sink.put 3", "sink.flush", "source.commit :3",
                "source.stop", "sink.stop",
            ]
        )
        #expect(counts.polled == 3 && counts.delivered == 3 && counts.committed == 3)
    }

    @Test("a second run goes on from what the first committed, and the source is told it again")
    func resume() async throws {
        for expected in [nil, RecordOffset(5)] {
            let script = Script([SourceBatch(records(1...5))])
            let source = ScriptedSource(
                journal: journal,
                onStart: { context in
                    let offset = try await context.offset(of: .single)
                    #expect(offset == expected)
                },
                onPoll: { _ in expected == nil ? try await script.next() : .end }
            )
            try await pipeline(source, ScriptedSink(journal: journal)).run()
        }
        #expect(journal.count("source.commit :5") == 2)
    }

    @Test("G11 S35 S44: a stop while a poll is suspended cancels it, commits what was delivered, and returns")
    func stopWhileWaiting() async throws {
        let polled = Gate()
        let script = Script([SourceBatch(records(1...3))]) {
            polled.open()
            try await Task.sleep(for: .seconds(3600))
            return .end
        }
        let pipeline = pipeline(
            ScriptedSource(journal: journal, onPoll: { _ in try await script.next() }),
            ScriptedSink(journal: journal)
        )
        async let counts = pipeline.run()
        try await polled.pass()
        pipeline.stop()
        #expect(try await counts.delivered == 3)
        #expect(try await store.stored("p").first?.position.offset == RecordOffset(3))
        #expect(journal.entries.suffix(2) == ["source.stop", "sink.stop"])
    }

    @Test("G11: a stop does not cancel a put that is running; what it puts is committed")
    func stopWhilePutting() async throws {
        let gate = Gate()
        let script = Script([SourceBatch(records(1...3))]) {
            try await Task.sleep(for: .seconds(3600)); return .end
        }
        let sink = ScriptedSink(
            journal: journal,
            onPut: { _ in
                try await gate.pass()
                return .delivered
            }
        )
        let pipeline = pipeline(ScriptedSource(journal: journal, onPoll: { _ in try await script.next() }), sink)
        async let counts = pipeline.run()
        await gate.arrivals()
        pipeline.stop()
        gate.open()
        #expect(try await counts.committed == 3)
    }

    @Test("S36 G11: a stop during a slow start cancels it, stops what was started, and never polls")
    func stopDuringStart() async throws {
        let started = Gate()
        let source = ScriptedSource(
            journal: journal,
            onStart: { _ in
                started.open()
                try await Task.sleep(for: .seconds(3600))
            }
        )
        let pipeline = pipeline(source, ScriptedSink(journal: journal))
        async let error = failure(of: pipeline)
        try await started.pass()
        pipeline.stop()
        #expect(await error?.code == .cancelled)
        #expect(journal.entries == ["sink.start", "source.start", "source.stop", "sink.stop"])
    }

    @Test("a sink that fails to start is stopped once, and the source is never started")
    func sinkFailsToStart() async throws {
        let sink = ScriptedSink(
            journal: journal,
            onStart: { _ in throw ConnectorError(.invalidConfiguration, "no such table") }
        )
        let error = await #expect(throws: ConnectorError.self) {
            try await pipeline(ScriptedSource(journal: journal), sink).run()
        }
        #expect(error?.code == .invalidConfiguration)
        #expect(journal.entries == ["sink.start", "sink.stop"])
        #expect(try await store.stored("p").isEmpty, "the claim was given back")
    }

    @Test("S34: when a poll throws, what was delivered is committed and everything is stopped once")
    func pollFails() async throws {
        let script = Script([SourceBatch(records(1...4))]) { throw ConnectorError(.fatal, "the table is gone") }
        let error = await #expect(throws: ConnectorError.self) {
            try await pipeline(
                ScriptedSource(journal: journal, onPoll: { _ in try await script.next() }),
                ScriptedSink(journal: journal)
            ).run()
        }
        #expect(error?.message == "the table is gone")
        #expect(try await store.stored("p").first?.position.offset == RecordOffset(4))
        #expect(journal.count("source.stop") == 1 && journal.count("sink.stop") == 1)
    }

    @Test("S39 S41 S61: when a put throws, its batch is not committed and what came before it is")
    func putFails() async throws {
        let script = Script([SourceBatch(records(1...2)), SourceBatch(records(3...4)), SourceBatch(records(5...6))])
        let sink = ScriptedSink(
            journal: journal,
            onPut: { batch in
                if batch.first?.data.text == "3" { throw ConnectorError(.fatal, "no") }
                return .delivered
            }
        )
        await #expect(throws: ConnectorError.self) {
            try await pipeline(ScriptedSource(journal: journal, onPoll: { _ in try await script.next() }), sink).run()
        }
        #expect(try await store.stored("p").first?.position.offset == RecordOffset(2))
        #expect(journal.count("sink.put 5,6") == 0)
    }

    @Test("a rejected record stops the pipeline, names its position, and what comes before it is committed")
    func rejectedRecord() async throws {
        let script = Script([SourceBatch(records(1...5))])
        let sink = ScriptedSink(
            journal: journal,
            onPut: { batch in
                .stopped(at: 2, of: batch.count, .reject(ConnectorError(.invalidRecord, "too long")))
            }
        )
        let error = await #expect(throws: ConnectorError.self) {
            try await pipeline(ScriptedSource(journal: journal, onPoll: { _ in try await script.next() }), sink).run()
        }
        #expect(error?.position?.offset == RecordOffset(3))
        #expect(error?.message.contains("too long") == true)
        #expect(try await store.stored("p").first?.position.offset == RecordOffset(2))
    }

    @Test("rejected input stops the pipeline at its position; what comes before it is delivered, nothing behind it")
    func rejectedInput() async throws {
        var batch = SourceBatch(records(1...5))
        let position = RecordPosition(offset: RecordOffset(30))
        batch.rejected = [RejectedInput(at: 3, position: position, error: ConnectorError(.invalidRecord, "no line"))]
        let script = Script([batch])
        let error = await #expect(throws: ConnectorError.self) {
            try await pipeline(
                ScriptedSource(journal: journal, onPoll: { _ in try await script.next() }),
                ScriptedSink(journal: journal)
            ).run()
        }
        #expect(error?.position == position)
        #expect(journal.entries.contains("sink.put 1,2,3"))
        #expect(try await store.stored("p").first?.position.offset == RecordOffset(3))
    }

    @Test("S73: cancelling the task commits nothing more and reports it")
    func cancelled() async throws {
        let gate = Gate()
        let script = Script([SourceBatch(records(1...3))])
        let sink = ScriptedSink(
            journal: journal,
            onPut: { _ in
                try await gate.pass()
                return .delivered
            }
        )
        let pipeline = pipeline(ScriptedSource(journal: journal, onPoll: { _ in try await script.next() }), sink)
        let error = await withTaskGroup(of: (any Error)?.self) { group in
            group.addTask {
                do { try await pipeline.run() } catch { return error }
                return nil
            }
            await gate.arrivals()
            group.cancelAll()
            return await group.next() ?? nil
        }
        #expect((error as? ConnectorError)?.code == .cancelled)
        #expect(try await store.stored("p").isEmpty)
        #expect(journal.entries.suffix(2) == ["source.stop", "sink.stop"])
    }

    @Test("G11 S45: a drain that takes longer than its deadline is cancelled and names the call")
    func drainDeadline() async throws {
        let clock = ManualClock()
        let gate = Gate()
        let script = Script([SourceBatch(records(1...3))])
        let sink = ScriptedSink(
            journal: journal,
            onPut: { _ in
                try await gate.pass()
                return .delivered
            }
        )
        var options = DeliveryOptions()
        options.drainDeadline = .seconds(30)
        let pipeline = pipeline(
            ScriptedSource(journal: journal, onPoll: { _ in try await script.next() }),
            sink,
            options: options,
            clock: clock.connectorClock
        )
        async let failed = failure(of: pipeline)
        await gate.arrivals()
        #expect(pipeline.status.calls.map(\.description).contains("put of the sink"))
        pipeline.stop()
        // The watch over what is uncommitted sleeps as well.
        await clock.sleepers(atLeast: 2)
        clock.advance(by: .seconds(31))
        let error = await failed
        #expect(error?.code == .deadlineExceeded)
        #expect(error?.message.contains("put of the sink") == true)
        #expect(try await store.stored("p").isEmpty, "a cancelled put is not settled")
    }

    @Test("a task that a connector runs beside itself fails the pipeline when it throws, and ends with it")
    func connectorTasks() async throws {
        let started = Gate()
        let source = ScriptedSource(
            journal: journal,
            onStart: { context in
                context.addTask(named: "heartbeat") {
                    try await started.pass()
                    throw ConnectorError(.notConnected, "the session is gone")
                }
            },
            onPoll: { _ in
                started.open()
                try await Task.sleep(for: .seconds(3600))
                return .end
            }
        )
        let error = await #expect(throws: ConnectorError.self) {
            try await pipeline(source, ScriptedSink(journal: journal)).run()
        }
        #expect(error?.message == "the session is gone")
    }

    @Test("a source whose positions need a store is refused at start, saying what to pass")
    func missingStore() async throws {
        let pipeline = Pipeline("p", from: ScriptedSource(journal: journal), to: ScriptedSink(journal: journal))
        let error = await #expect(throws: ConnectorError.self) { try await pipeline.run() }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.contains("offsets:") == true)
        #expect(journal.entries.isEmpty)
    }
}
