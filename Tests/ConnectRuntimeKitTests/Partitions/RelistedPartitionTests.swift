// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Synchronization
import Testing

@testable import ConnectRuntimeKit

@Suite("Pipeline: partitions that are listed again", .timeLimit(.minutes(10)))
struct RelistedPartitionTests {
    private let output = ShardOutput()

    private func entries(_ shard: String, _ range: Range<Int>) -> [String] { range.map { "\(shard)\($0)" } }

    @Test(
        "G2 S68: a partition that was revoked goes on where it is committed, not where it was read to",
        arguments: [nil, 14] as [Int64?]
    )
    func revoked(othersOffset: Int64?) async throws {
        let isPolled = Gate()
        let log = ShardedLog(["a": entries("a", 0..<10)], isFinal: false, isClosed: false) { _, _, poll in
            if poll == 2 { isPolled.open() }
        }
        output.refused = "a"
        let store = InMemoryOffsetStore()
        var options = DeliveryOptions()
        options.retry = .forever
        options.drainDeadline = .seconds(1)
        let clock = ManualClock()
        let pipeline = Pipeline(
            "p",
            from: ShardedSource(log: log, traits: SourceTraits(hasDynamicPartitions: true)),
            to: ShardSink(output: output),
            offsets: store,
            options: options,
            clock: clock.connectorClock
        )
        let counts = try await clock.ticking(by: .milliseconds(20)) {
            async let counts = pipeline.run()
            try await isPolled.pass()
            log.list([])
            let other = try await store.claim(.of("p", "a", .wait))
            if let othersOffset { try await store.save(.at(othersOffset, in: "a"), under: other.token) }
            try await store.release(other.token)
            output.refused = nil
            log.append(entries("a", 10..<20), to: "a", isClosed: true)
            log.list(["a"], isFinal: true)
            return try await counts
        }
        let first = othersOffset.map { Int($0) + 1 } ?? 0
        #expect(output["a"] == entries("a", first..<20))
        #expect(counts.isBalanced && counts.lost == 10 && counts.delivered == 20 - first)
    }

    @Test("G4 S68: a partition is given up once the batch that was polled last is taken over")
    func onItsWay() async throws {
        let log = ShardedLog(["a": ["a0"]], isFinal: false, isClosed: false)
        let source = ShardedSource(log: log, traits: SourceTraits(hasDynamicPartitions: true))
        let run = PipelineRun(Pipeline("p", from: source, to: ShardSink(output: output)))
        let pool = PartitionPool(source, DeliveryOptions())
        let host = MembershipHost(pool)
        let looks = Mutex(0)
        let context = ConnectorContext(
            pipeline: "p",
            name: "source",
            clock: .continuous,
            eventDefaults: EventDefaults(pipeline: "p", connectorType: "test"),
            host: host
        )
        let isPolling: @Sendable () -> Bool = {
            #expect(host.revoked.isEmpty)
            return looks.withLock { looks in
                looks += 1
                return looks < 3
            }
        }
        let loops = PartitionLoops(
            pool: pool,
            name: "source",
            retrier: run.retrier,
            context: context,
            isPolling: isPolling,
            fail: { Issue.record($0) }
        )
        try await source.start(context)
        let reading = Task { await loops.run() }
        #expect(try await pool.poll(.hundred).records.map(\.text) == ["a0"])
        log.list([])
        try await host.isRevoked.pass()
        #expect(looks.withLock { $0 } == 3)
        reading.cancel()
        await reading.value
    }

    /// Lists a shard that was not there before with one entry: once that is put, the list was followed.
    private func list(_ shards: [String], with new: String, of log: ShardedLog, isFinal: Bool = false) async throws {
        log.append(["\(new)0"], to: new, isClosed: true)
        log.list(shards + [new], isFinal: isFinal)
        try await output.wait { $0[new] != nil }
    }

    private func pipeline(_ log: ShardedLog) -> Pipeline {
        Pipeline("p", from: ShardedSource(log: log), to: ShardSink(output: output), offsets: InMemoryOffsetStore())
    }

    @Test("G7: a partition that is listed again in the middle of a unit keeps its reader")
    func insideUnit() async throws {
        let log = ShardedLog(["a": ["a0", "a1+"]], isFinal: false, isClosed: false)
        async let counts = pipeline(log).run()
        try await output.wait(for: 2)
        try await list([], with: "b", of: log)
        try await list(["a", "b"], with: "c", of: log, isFinal: true)
        log.append(["a2", "a3"], to: "a", isClosed: true)
        #expect(try await counts.committed == 6)
        #expect(output["a"] == ["a0", "a1+", "a2", "a3"])
        #expect(log.shards["a"]?.mostReaders == 1)
    }

    @Test("G7: a partition that is listed again while its reader is in a last poll waits for another one")
    func whileStopping() async throws {
        let (isPolling, hang) = (Gate(), Gate())
        let log = ShardedLog(["a": ["a0"]], isFinal: false, isClosed: false) { _, shard, poll in
            guard shard == "a", poll == 2 else { return }
            isPolling.open()
            await hang.passIgnoringCancellation()
        }
        async let counts = pipeline(log).run()
        try await isPolling.pass()
        try await list([], with: "b", of: log)
        try await list(["a", "b"], with: "c", of: log, isFinal: true)
        log.append(["a1", "a2+"], to: "a")
        hang.open()
        try await output.wait { $0["a"]?.count == 3 }
        log.append(["a3"], to: "a", isClosed: true)
        #expect(try await counts.committed == 6)
        #expect(output["a"] == ["a0", "a1", "a2+", "a3"])
        #expect(log.shards["a"]?.mostReaders == 1)
    }
}

/// Gives every partition that is asked for, and notes those that are given back.
private final class MembershipHost: ConnectorHost {
    let isRevoked = Gate()
    private let pool: PartitionPool
    private let partitions = Mutex<[RecordPartition]>([])

    init(_ pool: PartitionPool) { self.pool = pool }

    var revoked: [RecordPartition] { partitions.withLock(\.self) }

    func positions() async throws -> [RecordPosition] { [] }
    func addTask(named name: String, _ operation: @escaping @Sendable () async throws -> Void) {}
    func emit(_ event: ConnectorEvent) {}
    func assigned(_ partitions: [RecordPartition]) async throws -> [RecordPosition] { [] }
    func revoke(_ partitions: [RecordPartition]) async throws {
        self.partitions.withLock { $0 += partitions }
        isRevoked.open()
    }
    func partitionsChanged() { pool.partitionsChanged.ring() }
    func lost(_ partitions: [RecordPartition]) {}
}
