// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Synchronization
import Testing

@Suite("Fakes that fail as a script says", .timeLimit(.minutes(10)))
struct FaultyFakesTests {
    private let collected = Collected()

    private func batch(_ texts: [String], partition: RecordPartition = .single) -> RecordBatch {
        RecordBatch(texts.map { ConnectorRecord(.text($0), partition: partition) })
    }

    private func code(of body: () async throws -> Void) async -> ConnectorError.Code? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? ConnectorError)?.code
        }
    }

    // MARK: Sinks

    struct PutCase: Sendable, CustomTestStringConvertible {
        let name: String
        let fault: Fault
        var code: ConnectorError.Code?
        let applied: [String]
        var testDescription: String { name }
    }

    private static let broken = ConnectorError(.retryable, "broken")

    @Test(
        "a put fails before, after or in the middle of what it does",
        arguments: [
            PutCase(name: "before", fault: .busy, code: .retryable, applied: []),
            PutCase(name: "after", fault: .lostAnswer, code: .notConnected, applied: ["a", "b", "c"]),
            PutCase(name: "middle", fault: .tears(after: 2, broken), code: .retryable, applied: ["a", "b"]),
            PutCase(name: "torn to nothing", fault: .tears(after: 0, broken), code: .retryable, applied: []),
            PutCase(name: "fenced", fault: .fenced, code: .fenced, applied: []),
            PutCase(name: "rejects", fault: .rejects { $0.data.text == "b" }, applied: ["a", "c"]),
            PutCase(name: "retries", fault: .retries { $0.data.text == "b" }, applied: ["a"]),
        ]
    )
    func puts(of test: PutCase) async throws {
        let script = FaultScript(.put, [test.fault])
        let sink = FaultySink(CollectingSink(collected: collected), script)
        let code = await code { _ = try await sink.put(batch(["a", "b", "c"])) }
        #expect(code == test.code)
        #expect(collected.texts == test.applied)
        #expect(try await sink.put(batch(["d"])).isDelivered)
        #expect(collected.texts == test.applied + ["d"])
        #expect(script.count(of: .put) == 2)
    }

    @Test("verdicts of the fault and of the sink are put together, and a retry holds back its lane alone")
    func verdicts() async throws {
        let (a, b) = (RecordPartition("a"), RecordPartition("b"))
        let base = CollectingSink(collected: collected) { batch in
            .verdicts(batch.firstIndex { $0.data.text == "b1" }.map { [$0: .drop] } ?? [:])
        }
        let sink = FaultySink(base, FaultScript(.put, [.retries { $0.data.text == "a0" }]))
        let records = [("a0", a), ("b0", b), ("a1", a), ("b1", b), ("b2", b)]
        let result = try await sink.put(
            RecordBatch(records.map { ConnectorRecord(.text($0.0), partition: $0.1) })
        )
        #expect(result.exceptions.map(\.index) == [0, 2, 3])
        #expect(collected.texts == ["b0", "b2"])
    }

    @Test("a wrapped sink keeps what it can do, and does not learn anything new")
    func abilities() {
        let script = FaultScript { _ in nil }
        let plain: any Sink = FaultySink(CollectingSink(collected: collected), script)
        #expect(!(plain is any CheckpointingSink) && !(plain is any PositionKeepingSink))
        let keeping: any Sink = FaultySink(TransactionalTable.Writer(TransactionalTable()), script)
        #expect(keeping is any PositionKeepingSink && !(keeping is any CheckpointingSink))
        let pruning: any Source = FaultySource(PruningUpstream.Reader(PruningUpstream([])), script)
        #expect(pruning is any CommittingSource && !(pruning is any AcknowledgingSource))
        let pushing: any Source = FaultySource(PushServer(), script)
        #expect(pushing is any AcknowledgingSource && !(pushing is any CommittingSource))
    }

    @Test("a slow put takes its time by the pipeline's clock, a hanging one until it is cancelled or released")
    func slowAndHanging() async throws {
        let clock = ManualClock()
        let gate = Gate()
        let script = FaultScript(.put, [.waits(.seconds(60)), .hangs(until: gate)])
        let pipeline = Pipeline(
            "p",
            from: TransactionLog([["a"], ["b"]]),
            to: FaultySink(CollectingSink(collected: collected), script),
            offsets: InMemoryOffsetStore(),
            options: .one,
            clock: clock.connectorClock
        )
        async let counts = pipeline.run()
        // The committer's timers sleep too; nothing but the clock can end the first put.
        while script.count(of: .put) < 2 {
            await Task.yield()
            clock.advance(by: .seconds(1))
        }
        #expect(clock.now.duration(to: ManualClock().now) <= .seconds(-60))
        await gate.arrivals()
        #expect(collected.texts == ["a"])
        gate.open()
        #expect(try await counts.delivered == 2)

        let hanging = FaultySink(CollectingSink(collected: Collected()), FaultScript(.flush, [.hangs]))
        let task = Task { try await hanging.flush() }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    // MARK: Sources

    @Test("a poll whose answer is lost, even twice, skips nothing; a failed commit is not taken note of")
    func source() async throws {
        let upstream = PruningUpstream(texts("e", 4))
        let script = FaultScript { call in
            switch (call.method, call.number) {
            case (.poll, 0), (.poll, 1): .lostAnswer
            case (.poll, 3): .busy
            case (.commit, 0): .disconnected
            case (.commit, 1): .lostAnswer
            default: nil
            }
        }
        let source = FaultySource(PruningUpstream.Reader(upstream), script)
        var read: [String] = []
        for _ in 0..<10 {
            guard let batch = try? await source.poll(PollRequest(maxRecords: 2)), !batch.isEnd else { continue }
            read += batch.records.compactMap(\.data.text)
        }
        #expect(read == texts("e", 4))
        let position = RecordPosition(partition: .single, offset: RecordOffset(1))
        #expect(await code { try await source.commit([position]) } == .notConnected)
        #expect(upstream.remaining == 4)
        #expect(await code { try await source.commit([position]) } == .notConnected)
        #expect(upstream.remaining == 2)
    }

    // MARK: Stores

    @Test(
        "a save fails before or after it took place, or for want of space; it may also find itself fenced",
        arguments: [
            (Fault.busy, ConnectorError.Code.retryable, 1), (.lostAnswer, .notConnected, 2),
            (.diskFull, .retryable, 1), (.fenced, .fenced, 1),
        ] as [(Fault, ConnectorError.Code, Int64)]
    )
    func store(fault: Fault, expected: ConnectorError.Code, stored: Int64) async throws {
        let store = FaultyOffsetStore(InMemoryOffsetStore(), FaultScript(.save, [nil, fault]))
        let claim = try await store.claim(ClaimRequest(scope: ClaimScope(connector: "c")))
        try await store.save(.at(1), under: claim.token)
        #expect(await code { try await store.save(.at(2), under: claim.token) } == expected)
        try await store.release(claim.token)
        let again = try await store.claim(ClaimRequest(scope: ClaimScope(connector: "c")))
        #expect(again.positions.map(\.position.offset) == [RecordOffset(stored)])
        try await store.save(.at(3), under: again.token)
    }

    @Test("a torn save stores nothing, and the store fails until it is claimed again")
    func tornStore() async throws {
        let base = InMemoryOffsetStore()
        let store = FaultyOffsetStore(base, FaultScript(.save, [nil, .tears(after: 1, Self.broken)]))
        let claim = try await store.claim(ClaimRequest(scope: ClaimScope(connector: "c")))
        try await store.save(.at(1), under: claim.token)
        for number in 2...4 as ClosedRange<Int64> {
            #expect(await code { try await store.save(.at(number), under: claim.token) } == .retryable)
        }
        #expect(await code { try await store.renew(claim.token) } == .retryable)
        try await store.release(claim.token)
        let again = try await store.claim(ClaimRequest(scope: ClaimScope(connector: "c")))
        #expect(again.positions.map(\.position.offset) == [RecordOffset(1)])
        try await store.save(.at(5), under: again.token)
    }

    // MARK: Together

    @Test(
        "G2 G4: with everything failing now and then, each row is inserted once, and only what is committed is pruned",
        arguments: 0..<20
    )
    func everything(seed: Int) async throws {
        let entries = texts("e", 200)
        let (upstream, table) = (PruningUpstream(entries), TransactionalTable())
        let store = InMemoryOffsetStore()
        let faults: [FaultedCall.Method: [Fault]] = [
            .start: [.busy], .poll: [.busy, .lostAnswer, .disconnected], .commit: [.busy, .lostAnswer],
            .put: [.busy, .lostAnswer, .disconnected, .tears(after: 1, Self.broken)], .positions: [.busy],
            .save: [.busy, .lostAnswer, .diskFull, .tears(after: 0, Self.broken)],
        ]
        let script = FaultScript(seed: UInt64(seed), oneIn: 8, faults)
        for _ in 0..<50 where upstream.remaining > 0 {
            let pipeline = Pipeline(
                "p",
                from: FaultySource(PruningUpstream.Reader(upstream), script),
                to: FaultySink(TransactionalTable.Writer(table), script),
                offsets: FaultyOffsetStore(store, script),
                options: .eager
            )
            _ = try? await pipeline.run()
        }
        #expect(upstream.remaining == 0)
        #expect(table.rows == entries)
    }
}

extension DeliveryOptions {
    /// One record in each batch.
    fileprivate static var one: DeliveryOptions {
        var options = DeliveryOptions()
        options.maxPollRecords = 1
        return options
    }

    /// Small batches, and no long waits.
    fileprivate static var eager: DeliveryOptions {
        var options = DeliveryOptions()
        options.maxPollRecords = 7
        options.maxUncommittedRecords = 30
        options.retry = RetryPolicy(firstDelay: .milliseconds(1), maxDelay: .milliseconds(1))
        options.outage = RetryPolicy(firstDelay: .milliseconds(1), maxDelay: .milliseconds(1), maxAttempts: 50)
        return options
    }
}

extension OffsetChanges {
    fileprivate static func at(_ offset: Int64) -> OffsetChanges {
        let position = RecordPosition(partition: .single, offset: RecordOffset(offset))
        return OffsetChanges(positions: [StoredPosition(position, sequence: UInt64(offset))])
    }
}
