// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Synchronization
import Testing

@Suite("Sinks whose puts are durable", .timeLimit(.minutes(10)))
struct DurableOnPutTests {
    /// Answers each put; those of one key wait at a gate.
    private final class AnsweringSink: Sink {
        let traits: SinkTraits
        let gate = Gate()
        private let flushes = Mutex(0)
        var flushCount: Int { flushes.withLock(\.self) }

        init(isDurableOnPut: Bool) {
            traits = SinkTraits(maxConcurrentPuts: 4, isDurableOnPut: isDurableOnPut)
        }

        func put(_ batch: RecordBatch) async throws -> PutResult {
            if batch.contains(where: { $0.key?.text == "slow" }) { try await gate.pass() }
            return .delivered
        }

        func flush() async throws { flushes.withLock { $0 += 1 } }
    }

    private func record(_ key: String) -> ConnectorRecord {
        var record = ConnectorRecord("data")
        record.key = .text(key)
        return record
    }

    @Test("A put that hangs holds up its own lane and no commit")
    func commitsBesideAPut() async throws {
        let sink = AnsweringSink(isDurableOnPut: true)
        let queue = PushQueue()
        let options = DeliveryOptions.with { $0.lanes = .partitionAndKey }
        let pipeline = Pipeline("p", from: queue, to: sink, options: options)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await pipeline.run() }
            group.addTask {
                let outcome = try await queue.deliver(record("slow")).outcome
                #expect(outcome == .delivered)
            }
            await sink.gate.arrivals()
            for _ in 0..<3 { #expect(try await queue.deliver(record("fast")).outcome == .delivered) }
            #expect(!sink.gate.isOpen && pipeline.status.counts.delivered == 3)
            sink.gate.open()
            while pipeline.status.counts.delivered < 4 { await Task.yield() }
            pipeline.stop()
            try await group.waitForAll()
        }
        #expect(sink.flushCount == 0)
    }

    @Test("Positions of a source that is read in order do not pass a put that hangs")
    func positionsWait() async throws {
        let sink = AnsweringSink(isDurableOnPut: true)
        let log = InMemoryLog()
        log.append(contentsOf: [record("fast"), record("slow"), record("fast")])
        log.finish()
        let store = InMemoryOffsetStore()
        var options = DeliveryOptions.with { $0.lanes = .partitionAndKey }
        options.maxPollRecords = 1
        options.commitInterval = .milliseconds(1)
        let pipeline = Pipeline("p", from: InMemorySource(log), to: sink, offsets: store, options: options)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await pipeline.run() }
            await sink.gate.arrivals()
            while pipeline.status.counts.committed < 1 || pipeline.status.counts.delivered < 2 { await Task.yield() }
            #expect(pipeline.status.counts.committed == 1)
            sink.gate.open()
            try await group.waitForAll()
        }
        #expect(pipeline.status.counts.committed == 3 && sink.flushCount == 0)
    }

    @Test("Without that word every commit flushes, and waits for what runs")
    func flushes() async throws {
        let sink = AnsweringSink(isDurableOnPut: false)
        let queue = PushQueue()
        let pipeline = Pipeline("p", from: queue, to: sink)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await pipeline.run() }
            #expect(try await queue.deliver(record("fast")).outcome == .delivered)
            pipeline.stop()
            try await group.waitForAll()
        }
        #expect(sink.flushCount > 0)
    }
}
