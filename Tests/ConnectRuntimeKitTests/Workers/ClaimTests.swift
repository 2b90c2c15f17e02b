// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Synchronization
import Testing

@Suite("Pipeline: claims", .timeLimit(.minutes(10)))
struct ClaimTests {
    private let journal = Journal()

    private func waiting() -> Script {
        Script([SourceBatch(records(1...3), quiet: .zero)]) {
            try await Task.sleep(for: .seconds(3600))
            return .end
        }
    }

    @Test("S30 G12: a pipeline whose claim was taken over cannot store positions any more, and says so")
    func takenOver() async throws {
        let store = InMemoryOffsetStore()
        let (putting, taken) = (Gate(), Gate())
        let script = waiting()
        let sink = ScriptedSink(
            journal: journal,
            onPut: { _ in
                putting.open()
                try await taken.pass()
                return .delivered
            }
        )
        let pipeline = Pipeline(
            "p",
            from: ScriptedSource(journal: journal, onPoll: { _ in try await script.next() }),
            to: sink,
            offsets: store
        )
        async let error = failure(of: pipeline)
        try await putting.pass()
        let successor = try await store.claim(ClaimRequest(scope: ClaimScope(connector: "p"), policy: .takeOver))
        taken.open()
        #expect(await error?.code == .fenced)
        try await store.release(successor.token)
        #expect(try await store.stored("p").isEmpty)
    }

    @Test("a second run of one pipeline name is refused while the first owns the offsets")
    func owned() async throws {
        let store = InMemoryOffsetStore()
        let putting = Gate()
        let script = waiting()
        let first = Pipeline(
            "p",
            from: ScriptedSource(journal: journal, onPoll: { _ in try await script.next() }),
            to: ScriptedSink(journal: journal, onFlush: { putting.open() }),
            offsets: store
        )
        async let counts = first.run()
        try await putting.pass()
        let second = Pipeline(
            "p",
            from: ScriptedSource(journal: journal),
            to: ScriptedSink(journal: journal),
            offsets: store
        )
        #expect(await failure(of: second) != nil)
        first.stop()
        #expect(try await counts.committed == 3)
    }

    /// A pipeline that opens a gate with its first flush.
    private func leased(_ script: Script, _ store: LeasingStore, _ clock: ManualClock, _ putting: Gate) -> Pipeline {
        Pipeline(
            "p",
            from: ScriptedSource(journal: journal, onPoll: { _ in try await script.next() }),
            to: ScriptedSink(journal: journal, onFlush: { putting.open() }),
            offsets: store,
            clock: clock.connectorClock
        )
    }

    @Test("G12: a lease is renewed in good time, and losing it ends the run")
    func lease() async throws {
        let clock = ManualClock()
        let store = LeasingStore()
        let putting = Gate()
        let script = waiting()
        let pipeline = leased(script, store, clock, putting)
        async let error = failure(of: pipeline)
        try await putting.pass()
        for _ in 0..<4 {
            await clock.sleepers(atLeast: 3)
            clock.advance(by: .seconds(4))
            await store.renewals.arrivals(store.expectedRenewals)
        }
        store.isLost.withLock { $0 = true }
        await clock.sleepers(atLeast: 3)
        clock.advance(by: .seconds(4))
        #expect(await error?.code == .fenced)
    }

    @Test(
        "G12: a renewal that fails in passing is made again while the lease lasts, and not longer",
        arguments: [3, 6]
    )
    func renewalsThatFail(failures: Int) async throws {
        let clock = ManualClock()
        let store = LeasingStore()
        let putting = Gate()
        let script = waiting()
        let pipeline = leased(script, store, clock, putting)
        async let error = failure(of: pipeline)
        try await putting.pass()
        store.outage.withLock { $0 = failures }
        // The first renewal is due after a third of ten seconds; another one may be made until nine have passed.
        for attempt in 0..<min(failures + 1, 6) {
            await clock.sleepers(atLeast: 3)
            clock.advance(by: .seconds(attempt == 0 ? 4 : 1))
            await store.renewals.arrivals(store.expectedRenewals)
        }
        if failures < 6 {
            await clock.sleepers(atLeast: 3)
            store.isLost.withLock { $0 = true }
            clock.advance(by: .seconds(4))
        }
        #expect(await error?.code == (failures < 6 ? .fenced : .notConnected))
    }

    @Test(
        "G12: a lease is renewed while a sink starts; a run that loses it then starts no more, and restores nothing",
        arguments: [false, true]
    )
    func leaseWhileStarting(isLost: Bool) async throws {
        let clock = ManualClock()
        let store = LeasingStore()
        let starts = Gate()
        let script = Script([SourceBatch(records(1...3), quiet: .zero)]) { .end }
        let pipeline = Pipeline(
            "p",
            from: ScriptedSource(journal: journal, onPoll: { _ in try await script.next() }),
            to: [
                NamedSink("cut", StepSink(RandomOutput(), onRestore: { journal.note("restore") })),
                NamedSink("late", ScriptedSink(journal: journal, onStart: { _ in try await starts.pass() })),
            ],
            offsets: store,
            clock: clock.connectorClock
        )
        async let error = failure(of: pipeline)
        await starts.arrivals()
        for _ in 0..<4 {
            await clock.sleepers(atLeast: 2)
            clock.advance(by: .seconds(4))
            await store.renewals.arrivals(store.expectedRenewals)
        }
        await clock.sleepers(atLeast: 2)
        if isLost {
            store.isLost.withLock { $0 = true }
            clock.advance(by: .seconds(4))
        } else {
            starts.open()
        }
        #expect(await error?.code == (isLost ? .fenced : nil))
        #expect(pipeline.status.state == (isLost ? .failed : .stopped))
        #expect(journal.entries.contains("restore") == !isLost)
        #expect(journal.entries.contains("source.poll") == !isLost)
    }

    @Test("G12: a renewal that hangs ends the run with its lease")
    func renewalThatHangs() async throws {
        let clock = ManualClock()
        let store = LeasingStore(renewals: Gate())
        let putting = Gate()
        let script = waiting()
        let pipeline = leased(script, store, clock, putting)
        async let error = failure(of: pipeline)
        try await putting.pass()
        await clock.sleepers(atLeast: 3)
        clock.advance(by: .seconds(4))
        await store.renewals.arrivals()
        // The last twelfth of ten seconds begins after 9.2 seconds.
        clock.advance(by: .seconds(5))
        await clock.sleepers(atLeast: 2)
        #expect(pipeline.status.state == .running)
        clock.advance(by: .seconds(1))
        #expect(await error?.code == .notConnected)
    }

    @Test("G12: a renewal that the end of the run cancels is no failure")
    func renewalAtTheEnd() async throws {
        let clock = ManualClock()
        let store = LeasingStore(renewals: Gate())
        let (putting, last) = (Gate(), Gate())
        let script = Script([SourceBatch(records(1...3), quiet: .zero)]) {
            try await last.pass()
            return .end
        }
        let pipeline = leased(script, store, clock, putting)
        async let counts = pipeline.run()
        try await putting.pass()
        await clock.sleepers(atLeast: 3)
        clock.advance(by: .seconds(4))
        await store.renewals.arrivals()
        last.open()
        #expect(try await counts.committed == 3)
    }
}

/// An in-memory store whose claims last ten seconds.
private final class LeasingStore: OffsetStore {
    private let base = InMemoryOffsetStore()
    private let count = Mutex(0)
    let renewals: Gate
    let isLost = Mutex(false)
    /// How many renewals fail in passing.
    let outage = Mutex(0)

    init(renewals: Gate = Gate(isOpen: true)) { self.renewals = renewals }

    /// One more than there were, at each look.
    var expectedRenewals: Int {
        count.withLock { count in
            count += 1
            return count
        }
    }

    func claim(_ request: ClaimRequest) async throws -> OffsetClaim {
        let claim = try await base.claim(request)
        return OffsetClaim(token: claim.token, lease: .seconds(10), positions: claim.positions)
    }

    func renew(_ claim: ClaimToken) async throws {
        try await renewals.pass()
        if isLost.withLock({ $0 }) { throw ConnectorError(.fenced, "the lease is lost") }
        let isAway = outage.withLock { left in
            left -= 1
            return left >= 0
        }
        if isAway { throw ConnectorError(.notConnected, "the store is away") }
    }

    func save(_ changes: OffsetChanges, under claim: ClaimToken) async throws {
        try await base.save(changes, under: claim)
    }

    func release(_ claim: ClaimToken) async throws { try await base.release(claim) }
}
