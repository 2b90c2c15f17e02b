// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import OpenConnectFiles
import Synchronization
import Testing

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

@Suite("S102 S103 S104 S105: the connectors and stores of the kit keep their contracts", .timeLimit(.minutes(60)))
struct BundledConformanceTests {
    // MARK: Sources

    @Test("a push queue passes")
    func pushQueue() async {
        await expectConforming(applicable: ["source.order", "source.idle", "source.end", "source.acknowledge"]) {
            await SourceConformance("PushQueue") {
                let callers = Callers()
                var subject = SourceSubject(
                    makeSource: { callers.queue },
                    write: { for item in $0 { try await callers.send(item) } }
                )
                subject.finish = { callers.queue.finish() }
                subject.outcomes = { await callers.outcomes() }
                subject.close = { callers.queue.close() }
                return subject
            }.run()
        }
    }

    @Test("a push server passes")
    func pushServer() async {
        await expectConforming(applicable: ["source.order", "source.idle", "source.end"]) {
            await SourceConformance("PushServer") {
                let clients = Clients(PushServer())
                var subject = SourceSubject(
                    makeSource: { clients.server },
                    write: { for item in $0 { try await clients.send(item) } }
                )
                subject.finish = { clients.server.close() }
                subject.close = { await clients.close() }
                return subject
            }.run()
        }
    }

    @Test("a member of a consumer group passes")
    func consumerGroup() async {
        await expectConforming(applicable: ["source.idle", "source.assigned", "source.revoke", "source.lost"]) {
            await SourceConformance("ConsumerGroup.Member") {
                let group = ConsumerGroup([[], []])
                group.rebalance([0: 1, 1: 1])
                var subject = SourceSubject(
                    partitionCount: 2,
                    makeSource: { ConsumerGroup.Member(1, of: group) },
                    write: { group.append($0, to: $1) }
                )
                subject.finish = { group.close() }
                subject.takeAway = { group.rebalance([$0: 2, 1 - $0: 1]) }
                subject.expel = { partition in
                    group.expel(member: 1, to: 2)
                    group.rebalance([partition: 2, 1 - partition: 1])
                }
                return subject
            }.run()
        }
    }

    @Test("a log of transactions passes", arguments: [1, 3])
    func transactionLog(size: Int) async {
        await expectConforming(applicable: ["source.positions", "source.resume", "source.end", "source.maxBytes"]) {
            await SourceConformance("TransactionLog") {
                let written = Mutex<[[String]]>([])
                var subject = SourceSubject(
                    makeSource: { TransactionLog(written.withLock { $0 }) },
                    write: { items in
                        let starts = stride(from: 0, to: items.count, by: size)
                        written.withLock { $0 += starts.map { Array(items[$0..<$0 + size]) } }
                    }
                )
                subject.unitSize = size
                subject.growsWhileRead = false
                return subject
            }.run()
        }
    }

    @Test("the reader of an upstream that prunes passes")
    func pruningUpstream() async {
        await expectConforming(applicable: ["source.resume", "source.commit", "source.commit.order", "source.end"]) {
            await SourceConformance("PruningUpstream.Reader") {
                let upstream = PruningUpstream([])
                var subject = SourceSubject(
                    makeSource: { PruningUpstream.Reader(upstream) },
                    write: { upstream.append($0) }
                )
                subject.growsWhileRead = false
                return subject
            }.run()
        }
    }

    @Test("a wrapper that fails on demand passes while nothing fails")
    func faultySource() async {
        await expectConforming(applicable: ["source.resume", "source.poll.keeps"]) {
            await SourceConformance("FaultySource") {
                let upstream = ModelUpstream()
                return upstream.subject { FaultySource(ModelSource(upstream), FaultScript(.poll, [])) }
            }.run()
        }
    }

    // MARK: Sinks

    @Test("the writer of a transactional table passes")
    func transactionalTable() async {
        await expectConforming(applicable: ["sink.positions", "sink.positions.lostAnswer", "sink.positions.atomic"]) {
            await SinkConformance("TransactionalTable.Writer") {
                let isLost = Mutex(false)
                let table = TransactionalTable { _ in
                    isLost.withLock { isLost in
                        defer { isLost = false }
                        return isLost ? .lostAfterCommit : .arrives
                    }
                }
                var subject = SinkSubject(makeSink: { TransactionalTable.Writer(table) }, durable: { table.rows })
                subject.loseNextAnswer = { isLost.withLock { $0 = true } }
                return subject
            }.run()
        }
    }

    @Test("a wrapper that fails on demand passes while nothing fails, around any sink")
    func faultySink() async {
        await expectConforming(applicable: ["sink.checkpoint", "sink.flush"]) {
            await SinkConformance("FaultySink") {
                let storage = ModelStorage()
                return storage.subject { FaultySink(ModelCheckpointSink(storage), FaultScript(.put, [])) }
            }.run()
        }
    }

    // MARK: Offset stores

    @Test("the store in memory passes")
    func memoryStore() async {
        await expectConforming(
            applicable: Set(OffsetStoreConformance.checks)
                .subtracting(["store.reopen", "store.descriptors"])
        ) {
            await OffsetStoreConformance("InMemoryOffsetStore") {
                OffsetStoreSubject { InMemoryOffsetStore() }
            }.run()
        }
    }

    @Test("the store in files passes")
    func fileStore() async {
        await expectConforming(applicable: Set(OffsetStoreConformance.checks)) {
            await OffsetStoreConformance("FileOffsetStore") {
                let directory = TemporaryPath()
                var subject = OffsetStoreSubject { FileOffsetStore(directory: directory.path) }
                subject.reopen = { FileOffsetStore(directory: directory.path) }
                subject.close = { directory.remove() }
                return subject
            }.run()
        }
    }

    @Test("a wrapper that fails on demand passes while nothing fails, around a store")
    func faultyStore() async {
        await expectConforming(applicable: ["store.positions", "store.wait"]) {
            await OffsetStoreConformance("FaultyOffsetStore") {
                OffsetStoreSubject { FaultyOffsetStore(InMemoryOffsetStore(), FaultScript(.save, [])) }
            }.run()
        }
    }
}

/// Callers of a push queue, each of which waits for the outcome of its record.
private final class Callers: Sendable {
    let queue = PushQueue()
    private let tasks = Mutex<[Task<Void, Never>]>([])
    private let told = Mutex<[String: RecordOutcome]>([:])

    /// Returns when the record is in the queue, so that records keep their order.
    func send(_ item: String) async throws {
        let before = queue.load.awaited
        let task = Task {
            guard let outcome = try? await queue.deliver(ConnectorRecord(.text(item))).outcome else { return }
            told.withLock { $0[item] = outcome }
        }
        tasks.withLock { $0.append(task) }
        while queue.load.awaited == before { try await Task.sleep(for: .microseconds(100)) }
    }

    func outcomes() async -> [String: RecordOutcome] {
        for task in tasks.withLock({ $0 }) { await task.value }
        return told.withLock { $0 }
    }
}

/// Clients of a push server, each of which waits for its reply.
private final class Clients: Sendable {
    let server: PushServer
    private let tasks = Mutex<[(String, Task<PushServer.Reply, Never>)]>([])

    init(_ server: PushServer) { self.server = server }

    /// Returns when the request is in the server's queue, so that requests keep their order.
    func send(_ item: String) async throws {
        let before = server.waitingClients
        let task = Task { await server.request(item) }
        tasks.withLock { $0.append((item, task)) }
        while server.waitingClients == before { try await Task.sleep(for: .microseconds(100)) }
    }

    func close() async {
        server.close()
        for (_, task) in tasks.withLock({ $0 }) { task.cancel() }
    }
}

/// A path in the directory for temporary files, which a test removes.
struct TemporaryPath: Sendable {
    let path = "/tmp/conformance-\(UInt64.random(in: 0 ... .max))"

    func remove() {
        for name in (try? FileSystem.list(path)) ?? [] { unlink(FileSystem.join(path, name)) }
        rmdir(path)
    }
}
