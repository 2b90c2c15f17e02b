// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Synchronization
import Testing

/// Two pipelines of one name, each with the same log to read and the same log to write.
@Suite("Pipeline: claims by policy", .timeLimit(.minutes(10)))
struct ClaimPolicyTests {
    private let input = InMemoryLog()
    private let output = InMemoryLog()
    private let store = InMemoryOffsetStore()
    private let clock = ManualClock()
    private let events = EventRecorder()

    private func pipeline(
        _ policy: ClaimPolicy,
        offsets: (any OffsetStore)? = nil,
        _ change: (inout DeliveryOptions) -> Void = { _ in }
    ) -> Pipeline {
        var options = DeliveryOptions.with { $0.claim = policy }
        change(&options)
        return Pipeline(
            "p",
            from: InMemorySource(input),
            to: InMemorySink(output),
            offsets: offsets ?? store,
            options: options,
            clock: clock.connectorClock,
            randomness: .longest,
            observer: .events { [events] in events.note($0) }
        )
    }

    // MARK: An owner in the way

    @Test(
        "S30: a standby tells whom it waits for, and goes on behind what the owner has committed",
        arguments: StoreKind.allCases
    )
    func standby(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let owner = pipeline(.failIfOwned, offsets: store)
            async let first = owner.run()
            input.append("1")
            try await output.waitForCount(1)
            let standby = pipeline(.wait, offsets: store)
            async let second = standby.run()
            let told = try await events.first { $0.kind == .claimWaiting }
            #expect(told.level == .info && "\(told.error.map { "\($0)" } ?? "")".contains("epoch 1 claimed p"))
            try await eventually { standby.status.calls.contains { $0.name == "claim" && $0.isWaiting } }
            #expect(standby.status.state == .starting)
            input.append("2")
            try await output.waitForCount(2)
            owner.stop()
            #expect(try await first.committed == 2)
            input.append("3")
            input.finish()
            #expect(try await second.committed == 1)
            #expect(output.texts == ["1", "2", "3"])
            #expect(events.all.filter { $0.kind == .claimWaiting }.count == 1)
        }
    }

    @Test("G11: a standby that is stopped or cancelled ends at once, and its claim with it", arguments: [true, false])
    func standbyEnds(isStop: Bool) async throws {
        let owner = try await store.claim(ClaimRequest(scope: ClaimScope(connector: "p")))
        let standby = pipeline(.wait)
        let error = await withTaskGroup(of: ConnectorError?.self) { group in
            group.addTask { await failure(of: standby) }
            _ = try? await events.first { $0.kind == .claimWaiting }
            if isStop { standby.stop() } else { group.cancelAll() }
            return await group.next() ?? nil
        }
        #expect(error?.code == .cancelled && standby.status.state == .stopped)
        try await store.release(owner.token)
        #expect(try await store.stored("p").isEmpty, "nobody has got it")
    }

    @Test(
        "S30 G12 G2: who is taken over ends with the reason, also with nothing to save; the new owner goes on",
        arguments: StoreKind.allCases
    )
    func takeOver(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let first = pipeline(.failIfOwned, offsets: store)
            async let error = failure(of: first)
            input.append("1")
            try await clock.ticking { [input] in try await input.waitForCommit() }
            let second = pipeline(.takeOver, offsets: store)
            async let counts = second.run()
            #expect(await error?.code == .fenced)
            #expect(await error?.message.contains("epoch 2 was claimed after it") == true)
            #expect(first.status.state == .failed)
            input.append("2")
            input.finish()
            #expect(try await counts.committed == 1)
            #expect(output.texts == ["1", "2"])
        }
    }

    @Test("G12 G2: who is taken over in the middle of a put stores nothing any more, and nothing is lost")
    func takeOverInPut() async throws {
        let (putting, go) = (Gate(), Gate())
        let slow = ScriptedSink(
            journal: Journal(),
            onPut: { _ in
                putting.open()
                await go.passIgnoringCancellation()
                return .delivered
            }
        )
        let first = Pipeline("p", from: InMemorySource(input), to: slow, offsets: store)
        async let error = failure(of: first)
        input.append("1")
        try await putting.pass()
        let second = pipeline(.takeOver)
        async let counts = second.run()
        try await output.waitForCount(1)
        go.open()
        #expect(await error?.code == .fenced)
        input.finish()
        #expect(try await counts.committed == 1 && output.texts == ["1"])
    }

    @Test("S30: one that is to fail does so at once, and the owner hears nothing of it")
    func failIfOwned() async throws {
        let owner = pipeline(.failIfOwned)
        async let counts = owner.run()
        input.append("1")
        try await output.waitForCount(1)
        let second = pipeline(.failIfOwned)
        let error = await failure(of: second)
        #expect(error?.code == .retryable && error?.message.contains("stop the pipeline that owns them") == true)
        #expect(second.status.state == .failed && events.all.allSatisfy { $0.kind != .callRetry })
        input.finish()
        #expect(try await counts.committed == 1)
    }

    @Test("of another store of files nothing can be taken over, and the error says so")
    func otherStore() async throws {
        try await withTemporaryDirectory { directory in
            let owner = FileOffsetStore(directory: directory)
            let claim = try await owner.claim(ClaimRequest(scope: ClaimScope(connector: "p")))
            let error = await failure(of: pipeline(.takeOver, offsets: FileOffsetStore(directory: directory)))
            #expect(error?.code == .retryable && error?.message.contains("cannot be taken over from there") == true)
            try await owner.save(OffsetChanges(), under: claim.token)
            try await owner.release(claim.token)
        }
    }

    // MARK: A store that cannot be reached

    @Test("a claim waits through an outage of the store", arguments: [ConnectorError.Code.notConnected, .throttled])
    func outage(_ code: ConnectorError.Code) async throws {
        let script = FaultScript(
            .claim,
            [.fails(ConnectorError(code, "not now")), .fails(ConnectorError(code, "nor now"))]
        )
        let pipeline = pipeline(.failIfOwned, offsets: FaultyOffsetStore(store, script))
        input.append("1")
        input.finish()
        let counts = try await clock.ticking(by: .milliseconds(10)) { try await pipeline.run() }
        #expect(counts.committed == 1 && script.count(of: .claim) == 3)
        #expect(events.all.filter { $0.kind == .callRetry }.map(\.callName) == ["claim", "claim"])
    }

    @Test("an outage that lasts too long ends the run, and other errors end it at once")
    func outageLimit() async throws {
        for (code, attempts) in [(ConnectorError.Code.notConnected, 3), (.retryable, 1), (.corruptOffsets, 1)] {
            let script = FaultScript { $0.method == .claim ? .fails(ConnectorError(code, "not now")) : nil }
            let pipeline = pipeline(.failIfOwned, offsets: FaultyOffsetStore(store, script)) {
                $0.outage = RetryPolicy(maxAttempts: 3)
            }
            let error = try await clock.ticking(by: .milliseconds(10)) { await failure(of: pipeline) }
            #expect(error?.code == code && script.count(of: .claim) == attempts)
        }
    }

    @Test("G11: a stop ends the back-off of a claim", arguments: [true, false])
    func stopInOutage(isStop: Bool) async throws {
        let script = FaultScript { $0.method == .claim ? .disconnected : nil }
        let pipeline = pipeline(.wait, offsets: FaultyOffsetStore(store, script))
        await withTaskGroup(of: ConnectorError?.self) { group in
            group.addTask { await failure(of: pipeline) }
            _ = try? await events.first { $0.kind == .callRetry }
            if isStop { pipeline.stop() } else { group.cancelAll() }
            #expect(await group.next() ?? nil != nil)
        }
        #expect(script.count(of: .claim) == 1)
    }

    // MARK: Single partitions

    /// A source whose partitions are assigned when it is polled, and which ends then.
    private func assigning(_ journal: Journal) -> ScriptedSource {
        let context = Mutex<ConnectorContext?>(nil)
        return ScriptedSource(
            journal: journal,
            traits: SourceTraits(hasDynamicPartitions: true),
            onStart: { new in context.withLock { $0 = new } },
            onPoll: { _ in
                let positions = try await context.withLock { $0 }?.assigned([
                    RecordPartition("a"), RecordPartition("b"),
                ])
                journal.note("assigned \(positions?.count ?? -1)")
                return .end
            }
        )
    }

    private func assigningPipeline(_ policy: ClaimPolicy, _ journal: Journal, _ offsets: any OffsetStore) -> Pipeline {
        Pipeline(
            "p",
            from: assigning(journal),
            to: InMemorySink(output),
            offsets: offsets,
            options: .with {
                $0.claim = policy
                $0.retry = .never
            },
            clock: clock.connectorClock,
            observer: .events { [events] in events.note($0) }
        )
    }

    @Test("S30: a standby for one partition waits for it, with what its owner has committed there")
    func partitionStandby() async throws {
        let owner = try await store.claim(.of("p", "b"))
        let pipeline = assigningPipeline(.wait, Journal(), store)
        async let error = failure(of: pipeline)
        let told = try await events.first { $0.kind == .claimWaiting }
        #expect(told.message.contains("\"b\""))
        try await store.save(.at(7, in: "b"), under: owner.token)
        try await store.release(owner.token)
        #expect(await error == nil)
        let waiting = try await store.claim(.of("p", "b"))
        #expect(waiting.positions.count == 1, "it was given back")
    }

    @Test("G11: a stop ends the wait for a partition; those that were claimed before it are given back")
    func partitionStandbyStops() async throws {
        let owner = try await store.claim(.of("p", "b"))
        let pipeline = assigningPipeline(.wait, Journal(), store)
        async let ended = ending(of: pipeline)
        _ = try await events.first { $0.kind == .claimWaiting }
        pipeline.stop()
        _ = await ended
        try await store.release(store.claim(.of("p", "a")).token)
        try await store.save(.at(1, in: "b"), under: owner.token)
    }

    @Test("G12: a partition is taken over; its old owner can store nothing any more")
    func partitionTakeOver() async throws {
        let owner = try await store.claim(.of("p", "b"))
        try await store.save(.at(7, in: "b"), under: owner.token)
        let journal = Journal()
        #expect(await failure(of: assigningPipeline(.takeOver, journal, store)) == nil)
        #expect(journal.count("assigned 1") == 1)
        let error = await #expect(throws: ConnectorError.self) {
            try await store.save(.at(8, in: "b"), under: owner.token)
        }
        #expect(error?.code == .fenced)
    }

    @Test("an outage of the store is waited for when a partition is assigned")
    func partitionOutage() async throws {
        let script = FaultScript(.claim, [nil, .disconnected, .disconnected])
        let pipeline = assigningPipeline(.failIfOwned, Journal(), FaultyOffsetStore(store, script))
        let error = try await clock.ticking(by: .milliseconds(10)) { await failure(of: pipeline) }
        #expect(error == nil && script.count(of: .claim) == 4)
    }

    @Test("the same for partitions that have readers of their own: the outage has one limit, and a standby waits")
    func readers() async throws {
        let owner = try await store.claim(.of("p", "b"))
        let log = ShardedLog(["a": ["a0"], "b": ["b0", "b1"]])
        let script = FaultScript(.claim, [.disconnected])
        let pipeline = Pipeline(
            "p",
            from: ShardedSource(log: log, traits: SourceTraits(hasDynamicPartitions: true)),
            to: InMemorySink(output),
            offsets: FaultyOffsetStore(store, script),
            options: .with { $0.claim = .wait },
            clock: clock.connectorClock,
            observer: .events { [events] in events.note($0) }
        )
        async let counts = clock.ticking(by: .milliseconds(10)) { try await pipeline.run() }
        _ = try await events.first { $0.kind == .claimWaiting }
        try await eventually { pipeline.status.calls.contains { $0.name == "claim" && $0.isWaiting } }
        #expect(pipeline.status.calls.allSatisfy { $0.isWaiting }, "nothing of it is stalled")
        try await store.save(.at(0, in: "b"), under: owner.token)
        try await store.release(owner.token)
        #expect(try await counts.committed == 2)
        #expect(output.texts.sorted() == ["a0", "b1"])
        #expect(events.all.filter { $0.kind == .callRetry }.map(\.callName) == ["claim"])

        let broken = FaultScript { $0.method == .claim ? .disconnected : nil }
        let failing = Pipeline(
            "p",
            from: ShardedSource(log: log, traits: SourceTraits(hasDynamicPartitions: true)),
            to: InMemorySink(output),
            offsets: FaultyOffsetStore(store, broken),
            options: .with { $0.outage = RetryPolicy(maxAttempts: 3) },
            clock: clock.connectorClock
        )
        let error = try await clock.ticking(by: .milliseconds(10)) { await failure(of: failing) }
        #expect(error?.code == .notConnected && broken.count(of: .claim) == 3)
    }
}

/// Events, and a way to wait for one.
final class EventRecorder: Sendable {
    private let state = Mutex<(events: [RuntimeEvent], watchers: [CheckedContinuation<Void, Never>])>(([], []))

    var all: [RuntimeEvent] { state.withLock { $0.events } }

    func note(_ event: RuntimeEvent) {
        let watchers = state.withLock { state in
            state.events.append(event)
            defer { state.watchers = [] }
            return state.watchers
        }
        for watcher in watchers { watcher.resume() }
    }

    /// The first event of a kind, as soon as there is one.
    func first(where isWanted: @Sendable (RuntimeEvent) -> Bool) async throws -> RuntimeEvent {
        while true {
            let seen = all
            if let event = seen.first(where: isWanted) { return event }
            await withCheckedContinuation { continuation in
                let isNew = state.withLock { state in
                    if state.events.count > seen.count { return true }
                    state.watchers.append(continuation)
                    return false
                }
                if isNew { continuation.resume() }
            }
        }
    }
}

/// Waits until something is so, without any time.
func eventually(_ condition: @Sendable () -> Bool) async throws {
    while !condition() {
        try Task.checkCancellation()
        await Task.yield()
    }
}
