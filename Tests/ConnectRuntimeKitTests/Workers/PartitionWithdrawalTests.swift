// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Synchronization
import Testing

/// Partitions that are taken away while a batch of them was polled and is not on its way to a sink yet: polling rests, or
/// functions are at work.
@Suite("Pipeline: partitions taken away from a batch that was polled", .timeLimit(.minutes(10)))
final class PartitionWithdrawalTests: Sendable {
    private let journal = Journal()
    private let clock = ManualClock()
    private let store = InMemoryOffsetStore()
    private let log = InMemoryLog()
    private let a = RecordPartition("a")
    private let both = [RecordPartition("a"), RecordPartition("b")]

    enum End: CaseIterable, Sendable { case revoked, lost }

    /// Records named by partition and offset.
    private func batch(_ names: String..., isEnd: Bool = false) -> SourceBatch {
        let records = names.map { name in
            ConnectorRecord(
                .text(name),
                partition: RecordPartition(String(name.prefix(1))),
                offset: RecordOffset(Int64(name.dropFirst()) ?? 0)
            )
        }
        return SourceBatch(records, isEnd: isEnd)
    }

    private func pipeline(
        _ source: any Source,
        _ functions: [any RecordFunction] = [],
        to sink: (any Sink)? = nil,
        observer: any RuntimeObserver = .silent
    ) -> Pipeline {
        let sink = sink ?? ScriptedSink(journal: journal)
        return Pipeline(
            "p",
            from: source,
            through: functions,
            to: sink,
            offsets: store,
            options: .with {
                $0.onError = .drop
                $0.drainDeadline = .seconds(3600)
            },
            clock: clock.connectorClock,
            observer: observer
        )
    }

    private func end(_ partitions: [RecordPartition], _ end: End, _ context: ConnectorContext) async throws {
        switch end {
        case .revoked: try await context.revoke(partitions)
        case .lost: context.lost(partitions)
        }
    }

    private func stored(_ partition: String) async throws -> [StoredPosition] {
        let claim = try await store.claim(.of("p", partition))
        try await store.release(claim.token)
        return claim.positions
    }

    private var puts: [String] { journal.entries.filter { $0.hasPrefix("sink.put") } }

    // MARK: In a pause

    /// Pauses a run in the poll that returns a batch, and goes on after `meanwhile`.
    private func pausing(
        _ pipeline: Pipeline,
        _ source: MembershipSource,
        meanwhile: (ConnectorContext) async throws -> Void
    ) async throws -> DeliveryCounts {
        async let counts = pipeline.run()
        await source.mayReturn.arrivals()
        #expect(await pipeline.pause())
        source.mayReturn.open()
        try await source.isResting.pass()
        try await meanwhile(source.context)
        pipeline.resume()
        return try await counts
    }

    @Test("S68 S69 G12: what a pause keeps of a partition that is taken away is not delivered", arguments: End.allCases)
    func keptInPause(ending: End) async throws {
        let source = MembershipSource([batch("a0", "b0", "a1", "b1"), .end], of: both)
        let counts = try await pausing(pipeline(source), source) { try await end([a], ending, $0) }
        #expect(puts == ["sink.put b0,b1"])
        #expect(counts.isBalanced && counts.lost == 2 && counts.delivered == 2)
        #expect(try await stored("b").map(\.position.offset) == [RecordOffset(1)])
    }

    @Test("S69: the same with functions, which change, filter and refuse records of the other partition")
    func keptBeforeFunctions() async throws {
        let source = MembershipSource([batch("a0", "b0", "a1", "b1", "b2", "b3", "b4"), .end], of: both)
        let judge = InlineFunction { record in
            switch record.text {
            case "b1": return .filtered
            case "b2": return .split([record, record])
            case "b3": throw ConnectorError(.invalidRecord, "bad")
            default: return .record(record)
            }
        }
        let counts = try await pausing(pipeline(source, [judge]), source) { try await end([a], .revoked, $0) }
        #expect(puts == ["sink.put b0,b2,b2,b4"])
        #expect(counts.isBalanced && counts.lost == 2 && counts.delivered == 3)
        #expect(counts.filtered == 1 && counts.dropped == 1)
        #expect(try await stored("b").map(\.position.offset) == [RecordOffset(4)])
    }

    @Test("G4: a partition that comes again during a pause is read anew, and nothing of it is there twice")
    func givenBack() async throws {
        let source = MembershipSource([batch("a0", "a1"), batch("a0", "a1", isEnd: true)], of: both)
        let pipeline = pipeline(source, to: InMemoryTransactionalSink(log))
        let counts = try await pausing(pipeline, source) { context in
            try await context.revoke([a])
            #expect(try await context.assigned([a]).isEmpty)
        }
        #expect(log.texts == ["a0", "a1"])
        #expect(counts.isBalanced && counts.lost == 2)
    }

    @Test("S68: a source can give up partitions before it goes on, without waiting for what it goes on with")
    func revokedInResume() async throws {
        for functions in [[], [InlineFunction { .record($0) }]] {
            let source = MembershipSource([batch("a0", "b0"), .end], of: both) { context in
                try? await context.revoke([RecordPartition("a")])
            }
            let counts = try await pausing(pipeline(source, functions), source) { _ in }
            #expect(counts.isBalanced && counts.lost == 1 && counts.delivered == 1)
        }
        #expect(puts == ["sink.put b0", "sink.put b0"])
        #expect(clock.now == ManualClock().now, "no deadline was needed")
    }

    // MARK: While a put runs

    @Test("G10: what is lost while a put fails takes no room, however long the rest waits", arguments: [true, false])
    func lostDuringPut(isOrdered: Bool) async throws {
        let source = MembershipSource([batch("a0", "b000000000"), .end], of: both)
        source.mayReturn.open()
        let sink = ScriptedSink(
            journal: journal,
            traits: SinkTraits(isOrdered: isOrdered),
            onPut: { [journal] batch in
                guard journal.entries.count(where: { $0.hasPrefix("sink.put") }) == 1 else { return .delivered }
                source.context.lost([RecordPartition("b")])
                return .verdicts([0: .retry(after: .seconds(1)), 1: .retry(after: .seconds(3600))])
            }
        )
        let failed = Gate()
        let pipeline = pipeline(source, to: sink, observer: .events { if $0.kind == .callRetry { failed.open() } })
        let run = Task { try await pipeline.run() }
        try await failed.pass()
        #expect(pipeline.metrics.inFlightBytes == 2)
        let counts = try await clock.ticking(by: .seconds(1)) { try await run.value }
        #expect(puts == ["sink.put a0,b000000000", "sink.put a0"])
        #expect(counts.isBalanced && counts.lost == 1 && counts.delivered == 1)
        #expect(pipeline.metrics.inFlightBytes == 0)
    }

    // MARK: With functions at work

    /// Does something while a function is at work on `a0`.
    private func duringFunction(_ body: @Sendable (ConnectorContext, Gate) async throws -> Void) async throws
        -> DeliveryCounts
    {
        let source = MembershipSource([batch("a0", "b0"), .end], of: both)
        source.mayReturn.open()
        let mayGoOn = Gate()
        let slow = InlineFunction { record in
            if record.text == "a0" { try await mayGoOn.pass() }
            return .record(record)
        }
        let pipeline = pipeline(source, [slow])
        async let counts = pipeline.run()
        await mayGoOn.arrivals()
        try await body(source.context, mayGoOn)
        return try await counts
    }

    @Test("S68: a revocation waits until what functions are at work on is delivered and committed")
    func revokedDuringFunction() async throws {
        let counts = try await duringFunction { context, mayGoOn in
            async let revocation: Void = revoke(context)
            for _ in 0..<1000 { await Task.yield() }
            #expect(journal.count("revoked") == 0)
            mayGoOn.open()
            try await revocation
        }
        let deeds = journal.entries.filter { $0 != "sink.stop" }
        #expect(deeds == ["sink.start", "sink.put a0,b0", "sink.flush", "revoked"])
        #expect(counts.isBalanced && counts.lost == 0 && counts.committed == 2)
        #expect(try await stored("a").map(\.position.offset) == [RecordOffset(0)])
    }

    private func revoke(_ context: ConnectorContext) async throws {
        try await context.revoke([a])
        journal.note("revoked")
    }

    @Test("S68: it waits up to the deadline, and then nothing of the partition is delivered")
    func functionTakesTooLong() async throws {
        let counts = try await duringFunction { [clock, a] context, mayGoOn in
            try await clock.ticking(by: .seconds(60)) { try await context.revoke([a]) }
            mayGoOn.open()
        }
        #expect(puts == ["sink.put b0"])
        #expect(counts.isBalanced && counts.lost == 1)
        #expect(try await stored("a").isEmpty)
    }

    @Test("S69 G12: what is lost while functions are at work on it is not delivered")
    func lostDuringFunction() async throws {
        let counts = try await duringFunction { context, mayGoOn in
            context.lost([a])
            mayGoOn.open()
        }
        #expect(puts == ["sink.put b0"])
        #expect(counts.isBalanced && counts.lost == 1)
    }

    // MARK: In a poll

    @Test("S69: a partition that goes and comes again in one poll is delivered as that poll returns it")
    func changedInPoll() async throws {
        let context = Mutex<ConnectorContext?>(nil)
        let source = ScriptedSource(
            journal: journal,
            traits: SourceTraits(hasDynamicPartitions: true),
            onStart: { new in context.withLock { $0 = new } },
            onPoll: { [self] _ in
                let context = try #require(context.withLock { $0 })
                for _ in 0..<2 {
                    _ = try await context.assigned(both)
                    try await context.revoke(both)
                }
                _ = try await context.assigned([a])
                return batch("a0", isEnd: true)
            }
        )
        let counts = try await pipeline(source).run()
        #expect(puts == ["sink.put a0"] && counts.committed == 1 && counts.lost == 0)
    }
}

/// A member of a group: partitions are given to it in its first poll, and taken away at any time.
private final class MembershipSource: CommittingSource, FlowObserving {
    let traits = SourceTraits(hasDynamicPartitions: true)
    let mayReturn = Gate()
    let isResting = Gate()
    private let batches: Mutex<[SourceBatch]>
    private let partitions: [RecordPartition]
    private let onResume: @Sendable (ConnectorContext) async -> Void
    private let host = Mutex<ConnectorContext?>(nil)
    private let isMember = Mutex(false)

    init(
        _ batches: [SourceBatch],
        of partitions: [RecordPartition],
        onResume: @escaping @Sendable (ConnectorContext) async -> Void = { _ in }
    ) {
        self.batches = Mutex(batches)
        self.partitions = partitions
        self.onResume = onResume
    }

    var context: ConnectorContext {
        guard let context = host.withLock({ $0 }) else { preconditionFailure("the source was not started") }
        return context
    }

    func start(_ context: ConnectorContext) async throws { host.withLock { $0 = context } }

    func poll(_ request: PollRequest) async throws -> SourceBatch {
        try await join()
        try await mayReturn.pass()
        return batches.withLock { $0.removeFirst() }
    }

    private func join() async throws {
        let isMember = isMember.withLock { isMember in
            defer { isMember = true }
            return isMember
        }
        if !isMember { _ = try await context.assigned(partitions) }
    }

    func commit(_ positions: [RecordPosition]) async throws {}
    func pollingWillRest() async { isResting.open() }
    func pollingWillResume() async { await onResume(context) }
}
