// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Synchronization
import Testing

/// Stores whose claims have no lease: what a run does not give back there is owned for as long as the process lives.
@Suite("Pipeline: claims of partitions are given back", .timeLimit(.minutes(10)))
final class PartitionClaimTests: Sendable {
    private let journal = Journal()
    private let clock = ManualClock()
    private let host = Mutex<ConnectorContext?>(nil)
    private let a = RecordPartition("a")
    private let both = [RecordPartition("a"), RecordPartition("b")]

    private func context() throws -> ConnectorContext { try #require(host.withLock { $0 }) }

    private func pipeline(
        _ store: any OffsetStore,
        to sink: (any Sink)? = nil,
        onPoll: @escaping @Sendable () async throws -> SourceBatch = { .end },
        onStart: @escaping @Sendable (ConnectorContext) async throws -> Void = { _ in }
    ) -> Pipeline {
        let source = ScriptedSource(
            journal: journal,
            traits: SourceTraits(hasDynamicPartitions: true),
            onStart: { [self] context in
                host.withLock { $0 = context }
                try await onStart(context)
            },
            onPoll: { _ in try await onPoll() }
        )
        let sink = sink ?? ScriptedSink(journal: journal)
        return Pipeline(
            "p",
            from: source,
            to: sink,
            offsets: store,
            options: .with { $0.retry.maxAttempts = 2 },
            clock: clock.connectorClock,
            randomness: .longest
        )
    }

    /// Runs to the end, through the pauses before other attempts; what the run fails with.
    private func run(_ pipeline: Pipeline) async throws -> ConnectorError? {
        try await clock.ticking(by: .milliseconds(100)) { await failure(of: pipeline) }
    }

    private func expectFree(_ names: String..., in store: any OffsetStore) async throws {
        for name in names { try await store.release(store.claim(.of("p", name)).token) }
    }

    @Test("S69 G12: what was lost can be assigned again, and is free after the run", arguments: StoreKind.allCases)
    func lostAndAssignedAgain(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let pipeline = pipeline(store) {
                for _ in 0..<2 {
                    _ = try await self.context().assigned(self.both)
                    try self.context().lost([self.a])
                }
                return .end
            }
            #expect(try await run(pipeline) == nil)
            try await expectFree("a", "b", in: store)
        }
    }

    @Test("S69: a renewal that is overtaken by the end of its claim does not end the run")
    func renewedInVain() async throws {
        let store = OvertakenStore()
        let pipeline = pipeline(store) {
            _ = try await self.context().assigned(self.both)
            try await store.isRenewing.pass()
            try self.context().lost([self.a])
            store.isGone.open()
            try await store.goesOn.pass()
            return .end
        }
        #expect(try await run(pipeline) == nil)
    }

    @Test("S69: what was lost is free for another owner while the run goes on")
    func lostIsFree() async throws {
        let store = InMemoryOffsetStore()
        let (isLost, isOver) = (Gate(), Gate())
        let pipeline = pipeline(store) {
            _ = try await self.context().assigned(self.both)
            try self.context().lost([self.a])
            isLost.open()
            try await isOver.pass()
            return .end
        }
        async let error = failure(of: pipeline)
        try await isLost.pass()
        try await clock.ticking(by: .milliseconds(100)) {
            try await store.release(store.claim(.of("p", "a", .wait)).token)
        }
        await #expect(throws: ConnectorError.self) { try await store.claim(.of("p", "b")) }
        isOver.open()
        #expect(await error == nil)
    }

    @Test("S70: an assignment that fails after the claim leaves nothing owned, and can be made again")
    func positionsInVain() async throws {
        let store = InMemoryOffsetStore()
        let sink = ForgetfulSink(InMemoryTransactionalSink(InMemoryLog()), failingCall: 2)
        let pipeline = pipeline(store, to: sink) {
            await #expect(throws: ConnectorError.self) { try await self.context().assigned(self.both) }
            try await self.expectFree("a", "b", in: store)
            _ = try await self.context().assigned(self.both)
            return .end
        }
        #expect(try await run(pipeline) == nil)
        try await expectFree("a", "b", in: store)
    }

    @Test("S70: partitions that were assigned in a start that fails are free for the next start, and after the run")
    func startInVain() async throws {
        let store = InMemoryOffsetStore()
        let codes = Mutex<[ConnectorError.Code]>([.retryable, .fatal])
        let pipeline = pipeline(
            store,
            onStart: { context in
                _ = try await context.assigned(self.both)
                let code = codes.withLock { $0.removeFirst() }
                throw ConnectorError(code, "\(code)")
            }
        )
        let error = try await run(pipeline)
        #expect(error?.code == .fatal, "the second start has its partitions")
        try await expectFree("a", "b", in: store)
    }

    @Test("S70: a release that fails leaves neither the others owned nor, at the end of the run, its own partition")
    func releasedInVain() async throws {
        let store = InMemoryOffsetStore()
        let faults = FaultScript(.release, [.fails(ConnectorError(.fatal, "the store is gone"))])
        let pipeline = pipeline(FaultyOffsetStore(store, faults)) {
            _ = try await self.context().assigned(self.both)
            await #expect(throws: ConnectorError.self) { try await self.context().revoke(self.both) }
            try await self.expectFree("b", in: store)
            return .end
        }
        #expect(try await run(pipeline) == nil)
        try await expectFree("a", "b", in: store)
    }

    @Test("S70: what a task of the connector claims while the run ends is not kept")
    func claimedTooLate() async throws {
        let store = LateStore()
        let outcome = Mutex<ConnectorError?>(nil)
        let pipeline = pipeline(
            store,
            onPoll: {
                // The claim is under way when the source ends.
                try await store.isClaiming.pass()
                return .end
            },
            onStart: { context in
                context.addTask(named: "listens") {
                    do {
                        _ = try await context.assigned([self.a])
                    } catch {
                        outcome.withLock { $0 = error as? ConnectorError }
                    }
                }
            }
        )
        #expect(try await run(pipeline) == nil)
        #expect(outcome.withLock { $0?.code } == .cancelled)
        #expect(store.isReleased.isOpen)
        try await expectFree("a", in: store.base)
    }
}

/// Grants the claim of a partition only when whoever asked has been cancelled.
private final class LateStore: OffsetStore {
    let base = InMemoryOffsetStore()
    let isClaiming = Gate()
    let isReleased = Gate()
    private let never = Gate()

    func claim(_ request: ClaimRequest) async throws -> OffsetClaim {
        guard request.scope.partition != nil else { return try await base.claim(request) }
        isClaiming.open()
        try? await never.pass()
        return try await base.claim(request)
    }

    func renew(_ claim: ClaimToken) async throws { try await base.renew(claim) }

    func save(_ changes: OffsetChanges, under claim: ClaimToken) async throws {
        try await base.save(changes, under: claim)
    }

    func release(_ claim: ClaimToken) async throws {
        // What asks a server does nothing in a task that is cancelled.
        try Task.checkCancellation()
        try await base.release(claim)
        isReleased.open()
    }
}

/// Cannot tell its positions once.
private final class ForgetfulSink: PositionKeepingSink {
    private let base: InMemoryTransactionalSink
    private let failingCall: Int
    private let calls = Mutex(0)

    init(_ base: InMemoryTransactionalSink, failingCall: Int) {
        self.base = base
        self.failingCall = failingCall
    }

    func positions(in scope: ClaimScope) async throws -> [StoredPosition] {
        let call = calls.withLock { calls in
            calls += 1
            return calls
        }
        if call == failingCall { throw ConnectorError(.retryable, "the table is locked") }
        return try await base.positions(in: scope)
    }

    func put(_ batch: RecordBatch, advancing advance: PositionAdvance) async throws -> PutResult {
        try await base.put(batch, advancing: advance)
    }

    func put(_ batch: RecordBatch) async throws -> PutResult { try await base.put(batch) }
}

/// A store in which the claim of the partition a is gone by the time that it is to be renewed.
private final class OvertakenStore: OffsetStore {
    private let base = InMemoryOffsetStore()
    private let overtaken = Mutex<ClaimToken?>(nil)
    let isRenewing = Gate()
    let isGone = Gate()
    /// Open when another claim is renewed after that one.
    let goesOn = Gate()
    private let hasFailed = Mutex(false)

    func claim(_ request: ClaimRequest) async throws -> OffsetClaim {
        let claim = try await base.claim(request)
        if request.scope.partition?.name == "a" { overtaken.withLock { $0 = claim.token } }
        return claim
    }

    func renew(_ claim: ClaimToken) async throws {
        guard overtaken.withLock({ $0 == claim }) else {
            if hasFailed.withLock({ $0 }) { goesOn.open() }
            return try await base.renew(claim)
        }
        isRenewing.open()
        try await isGone.pass()
        hasFailed.withLock { $0 = true }
        throw ConnectorError(.fenced, "it was released")
    }

    func save(_ changes: OffsetChanges, under claim: ClaimToken) async throws {
        try await base.save(changes, under: claim)
    }

    func release(_ claim: ClaimToken) async throws { try await base.release(claim) }
}
