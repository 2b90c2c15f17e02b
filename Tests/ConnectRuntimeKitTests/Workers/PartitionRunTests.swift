// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Synchronization
import Testing

/// Partitions that are taken away while their records are on their way: in a put, behind one, or held back.
@Suite("Pipeline: partitions that come and go", .timeLimit(.minutes(10)))
final class PartitionRunTests: Sendable {
    private let journal = Journal()
    private let clock = ManualClock()
    private let host = Mutex<ConnectorContext?>(nil)
    private let a = RecordPartition("a")
    private let b = RecordPartition("b")
    private let both = [RecordPartition("a"), RecordPartition("b")]

    /// One record of `b`, one of `a`, and so on.
    private var mixed: SourceBatch {
        SourceBatch(
            (0..<4).map { number in
                let partition = both[1 - number % 2]
                return ConnectorRecord(
                    .text("\(partition.name)\(number / 2)"),
                    partition: partition,
                    offset: RecordOffset(Int64(number / 2))
                )
            }
        )
    }

    private func context() throws -> ConnectorContext { try #require(host.withLock { $0 }) }

    private func source(_ positions: SourceTraits.PositionKeeper = .upstream, _ script: Script) -> ScriptedSource {
        ScriptedSource(
            journal: journal,
            traits: SourceTraits(positions: positions, hasDynamicPartitions: true),
            onStart: { [self] context in
                host.withLock { $0 = context }
                if positions == .upstream { _ = try await context.assigned(self.both) }
            },
            onPoll: { _ in try await script.next() }
        )
    }

    private func pipeline(
        _ source: ScriptedSource,
        to sinks: [NamedSink],
        offsets: (any OffsetStore)? = nil,
        observer: any RuntimeObserver = .silent
    ) -> Pipeline {
        Pipeline(
            "p",
            from: source,
            to: sinks,
            offsets: offsets,
            options: .with {
                $0.retry = RetryPolicy(firstDelay: .seconds(1), maxAttempts: 5)
                $0.drainDeadline = .seconds(3600)
            },
            clock: clock.connectorClock,
            randomness: .longest,
            observer: observer
        )
    }

    // MARK: Lost

    enum Moment: CaseIterable, Sendable { case inDeliveringPut, inFailingPut, heldBack, queued }

    @Test("S59 S69: what is lost is neither put again nor committed", arguments: Moment.allCases)
    func lost(moment: Moment) async throws {
        let (isPutting, isLost) = (Gate(), Gate())
        let isQueued = Mutex(false)
        let puts = Mutex(0)
        let sink = ScriptedSink(
            journal: journal,
            onPut: { _ in
                let number = puts.withLock { puts in
                    puts += 1
                    return puts
                }
                guard number == 1 else { return .delivered }
                isPutting.open()
                if moment != .heldBack { try await isLost.pass() }
                if moment == .inDeliveringPut || moment == .queued { return .delivered }
                throw ConnectorError(.retryable, "busy")
            }
        )
        let first = ConnectorRecord("c0", partition: RecordPartition("c"), offset: RecordOffset(0))
        let script = Script(moment == .queued ? [SourceBatch([first])] : [mixed]) {
            try await isPutting.pass()
            if moment == .queued, !isQueued.withLock({ $0.exchange(true) }) { return self.mixed }
            if moment == .heldBack { await self.clock.sleepers(atLeast: 2) }
            try self.context().lost([self.a])
            isLost.open()
            return .end
        }
        let isFree = moment == .inDeliveringPut || moment == .queued
        // A put of the source's own task keeps it from polling: two sinks have tasks of their own.
        let other = NamedSink("other", ScriptedSink(journal: Journal()))
        let pipeline = pipeline(source(.upstream, script), to: [NamedSink("sink", sink), other])
        async let counts = pipeline.run()
        try await isLost.pass()
        if !isFree { await moveUntil { self.journal.count("sink.put b0,b1") == 1 } }
        let result = try await counts
        #expect(result.isBalanced && result.lost == 2)
        let reports = journal.entries.filter { $0.hasPrefix("source.commit") }
        #expect(!reports.contains { $0.contains("a:") } && reports.last?.contains("b:1") == true)
        let rest = journal.entries.filter { $0.hasPrefix("sink.put") }.dropFirst()
        #expect(Array(rest) == (moment == .inDeliveringPut ? [] : ["sink.put b0,b1"]))
    }

    @Test("S69: what of a lost partition waits for sinks to be in step reaches none of them")
    func lostInBacklog() async throws {
        let (isPutting, isLost) = (Gate(), Gate())
        let (first, second) = (RandomOutput(), RandomOutput())
        let record = ConnectorRecord("c0", partition: RecordPartition("c"), offset: RecordOffset(0))
        let isWaiting = Mutex(false)
        let script = Script([SourceBatch([record])]) {
            try await isPutting.pass()
            if !isWaiting.withLock({ $0.exchange(true) }) { return self.mixed }
            try self.context().lost([self.a])
            isLost.open()
            return .end
        }
        let pipeline = pipeline(
            source(.upstream, script),
            to: [
                NamedSink(
                    "x",
                    StepSink(first) {
                        isPutting.open()
                        try await isLost.pass()
                    }
                ),
                NamedSink("y", StepSink(second)),
            ],
            offsets: InMemoryOffsetStore()
        )
        let counts = try await pipeline.run()
        #expect(first.rows == ["c0", "b0", "b1"] && second.rows == ["c0", "b0", "b1"])
        #expect(counts.isBalanced && counts.lost == 2)
        #expect(!journal.entries.contains { $0.hasPrefix("source.commit") && $0.contains("a:") })
    }

    // MARK: Revoked

    @Test(
        "S68: a revocation waits until what is in a put, behind it or held back is committed",
        arguments: Moment.allCases
    )
    func revoked(moment: Moment) async throws {
        let (isPutting, isAsked) = (Gate(), Gate())
        let isQueued = Mutex(false)
        let puts = Mutex(0)
        let sink = ScriptedSink(
            journal: journal,
            onPut: { _ in
                let number = puts.withLock { puts in
                    puts += 1
                    return puts
                }
                guard number == 1 else { return .delivered }
                isPutting.open()
                if moment != .heldBack { try await isAsked.pass() }
                if moment == .inDeliveringPut || moment == .queued { return .delivered }
                throw ConnectorError(.retryable, "busy")
            }
        )
        let first = ConnectorRecord("c0", partition: RecordPartition("c"), offset: RecordOffset(0))
        let script = Script(moment == .queued ? [SourceBatch([first])] : [mixed]) {
            try await isPutting.pass()
            if moment == .queued, !isQueued.withLock({ $0.exchange(true) }) { return self.mixed }
            if moment == .heldBack { await self.clock.sleepers(atLeast: 2) }
            isAsked.open()
            try await self.context().revoke([self.a])
            self.journal.note("revoked")
            return .end
        }
        let other = NamedSink("other", ScriptedSink(journal: Journal()))
        let pipeline = pipeline(source(.upstream, script), to: [NamedSink("sink", sink), other])
        async let counts = pipeline.run()
        await moveUntil { self.journal.count("revoked") == 1 }
        let result = try await counts
        #expect(result.isBalanced && result.lost == 0)
        let before = journal.entries.prefix { $0 != "revoked" }
        #expect(before.contains { $0.hasPrefix("source.commit") && $0.contains("a:1") })
    }

    @Test(
        "S68: a revocation that does not get done by the deadline gives up, and nothing of the partition is committed"
    )
    func revokedTooLate() async throws {
        let (isPutting, hang) = (Gate(), Gate())
        let warnings = Journal()
        let sink = ScriptedSink(
            journal: journal,
            onPut: { _ in
                isPutting.open()
                await hang.passIgnoringCancellation()
                return .delivered
            }
        )
        let script = Script([mixed]) {
            try await isPutting.pass()
            try await self.context().revoke([self.a])
            hang.open()
            return .end
        }
        let pipeline = pipeline(
            source(.upstream, script),
            to: [NamedSink("sink", sink), NamedSink("other", ScriptedSink(journal: Journal()))],
            observer: .events { if $0.level == .warning { warnings.note($0.message) } }
        )
        async let counts = pipeline.run()
        try await isPutting.pass()
        await moveUntil { !warnings.entries.isEmpty }
        #expect(try await counts.lost == 2)
        #expect(warnings.entries.first?.contains("not committed before the deadline") == true)
        #expect(!journal.entries.contains { $0.hasPrefix("source.commit") && $0.contains("a:") })
    }

    // MARK: Failing

    @Test(
        "S70: a partition that is owned elsewhere fails the run with that error, and the partitions before it are free"
    )
    func assignedInVain() async throws {
        let store = InMemoryOffsetStore()
        let owner = try await store.claim(.of("p", "b"))
        let script = Script([]) {
            _ = try await self.context().assigned(self.both)
            return .end
        }
        let pipeline = Pipeline(
            "p",
            from: self.source(.offsetStore, script),
            to: ScriptedSink(journal: self.journal),
            offsets: store,
            options: .with { $0.retry = .never }
        )
        let error = await failure(of: pipeline)
        #expect(error?.code == .retryable)
        #expect(journal.count("source.stop") == 1 && journal.count("sink.stop") == 1)
        try await store.release(owner.token)
        for name in ["a", "b"] { try await store.release(store.claim(.of("p", name)).token) }
    }

    @Test("S70: a claim that cannot be given back in a revocation fails the run with that error")
    func revokedInVain() async throws {
        let script = Script([]) {
            _ = try await self.context().assigned(self.both)
            try await self.context().revoke([self.a])
            return .end
        }
        let faults = FaultScript(.release, [.fails(ConnectorError(.fatal, "the store is gone"))])
        let pipeline = Pipeline(
            "p",
            from: self.source(.offsetStore, script),
            to: ScriptedSink(journal: self.journal),
            offsets: FaultyOffsetStore(InMemoryOffsetStore(), faults)
        )
        let error = await failure(of: pipeline)
        #expect(error?.message == "the store is gone")
    }

    private func moveUntil(_ isOver: () -> Bool) async {
        while !isOver() {
            await Task.yield()
            clock.advance(by: .milliseconds(50))
        }
    }
}

extension Bool {
    /// Takes a new value; the old one.
    fileprivate mutating func exchange(_ value: Bool) -> Bool {
        defer { self = value }
        return self
    }
}
