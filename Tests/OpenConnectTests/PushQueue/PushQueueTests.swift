// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect
import Testing

@Suite("Push queue", .timeLimit(.minutes(10)))
struct PushQueueTests {
    private let request = PollRequest(maxRecords: 100)

    @Test("What is sent is polled in order, each with a token of its own")
    func sendAndPoll() async throws {
        let queue = PushQueue()
        for index in 0..<5 { try await queue.send("record \(index)") }
        let batch = try await queue.poll(request)
        #expect(batch.records.map(\.data.text) == (0..<5).map { "record \($0)" })
        #expect(Set(batch.records.compactMap(\.offset)).count == 5)
        #expect(!batch.isEnd && batch.quiet == .zero)
    }

    @Test("Tokens of two queues differ, so that ids made of them do not repeat after a restart")
    func tokens() async throws {
        var ids: Set<String> = []
        for _ in 0..<2 {
            let queue = PushQueue()
            try await queue.send("a")
            ids.insert(try await queue.poll(request).records[0].event(defaults: .test).id)
        }
        #expect(ids.count == 2)
    }

    @Test("A poll waits for the first record")
    func pollWaits() async throws {
        let queue = PushQueue()
        async let batch = queue.poll(request)
        await queue.wait { $0.isPolled }
        try await queue.send("a")
        #expect(try await batch.records.count == 1)
    }

    @Test("A poll takes no more than it asked for, in records and in bytes")
    func pollLimits() async throws {
        let queue = PushQueue()
        for size in [3, 3, 3, 100, 1] {
            try await queue.send(ConnectorRecord(.bytes([UInt8](repeating: 0, count: size))))
        }
        #expect(try await queue.poll(PollRequest(maxRecords: 2)).records.count == 2)
        #expect(try await queue.poll(PollRequest(maxRecords: 9, maxBytes: 10)).records.map(\.data.count) == [3])
        #expect(try await queue.poll(PollRequest(maxRecords: 9, maxBytes: 10)).records.map(\.data.count) == [100])
        #expect(try await queue.poll(PollRequest(maxRecords: 9, maxBytes: 10)).quiet == .zero)
    }

    @Test("What was polled is let go, also while more is waiting")
    func letsGo() async throws {
        final class Buffer: Sendable {}
        let queue = PushQueue()
        weak var polled: Buffer?
        try await {
            let buffer = Buffer()
            polled = buffer
            let defaults = RecordDefaults(subject: { _, _ in "\(ObjectIdentifier(buffer))" })
            try await queue.send(ConnectorRecord("large", partition: RecordPartition("a", defaults: defaults)))
        }()
        for index in 0..<3 { try await queue.send("record \(index)") }
        #expect(polled != nil)
        _ = try await queue.poll(PollRequest(maxRecords: 1))
        #expect(polled == nil)
        #expect(try await queue.poll(request).records.count == 3)
    }

    @Test("A caller that was cancelled before hands nothing over")
    func cancelledBefore() async throws {
        let queue = PushQueue()
        let sender = Task {
            while !Task.isCancelled { await Task.yield() }
            try await queue.send("1")
        }
        sender.cancel()
        await #expect(throws: CancellationError.self) { try await sender.value }
        #expect(queue.load.queued == 0)
    }

    @Test(
        "A caller learns the outcome after the commit",
        arguments: [RecordOutcome.delivered, .filtered, .deadLettered, .dropped]
    )
    func deliver(outcome: RecordOutcome) async throws {
        let queue = PushQueue()
        async let acknowledgement = queue.deliver("a")
        let batch = try await queue.poll(request)
        await queue.wait { $0.awaited == 1 }
        try await queue.acknowledge([settle(batch.records[0], outcome)])
        #expect(try await acknowledgement.outcome == outcome)
        #expect(queue.load.awaited == 0)
    }

    @Test("Outcomes reach their callers, in whatever order they come")
    func outcomesInAnyOrder() async throws {
        let queue = PushQueue()
        try await withThrowingTaskGroup(of: (Int, RecordOutcome).self) { group in
            for index in 0..<20 {
                group.addTask { (index, try await queue.deliver("\(index)").outcome) }
            }
            await queue.wait { $0.awaited == 20 }
            let records = try await queue.poll(request).records.shuffled()
            for record in records {
                let isEven = Int(record.data.text ?? "").map { $0 % 2 == 0 } ?? false
                try await queue.acknowledge([settle(record, isEven ? .delivered : .dropped)])
            }
            for try await (index, outcome) in group {
                #expect(outcome == (index % 2 == 0 ? .delivered : .dropped))
            }
        }
    }

    @Test("An acknowledgement of another queue's token is none")
    func foreignAcknowledgement() async throws {
        let queue = PushQueue(limits: .init(), incarnation: 1)
        let other = PushQueue(limits: .init(), incarnation: 2)
        try await other.send("b")
        let foreign = try await other.poll(request).records[0]
        async let acknowledgement = queue.deliver("a")
        let own = try await queue.poll(request).records[0]
        await queue.wait { $0.awaited == 1 }
        try await queue.acknowledge([settle(foreign, .dropped)])
        #expect(queue.load.awaited == 1)
        try await queue.acknowledge([settle(own), settle(own, .dropped)])
        #expect(try await acknowledgement.outcome == .delivered)
    }

    @Test("A caller that stops waiting for the outcome does not stop the record")
    func cancelledDelivery() async throws {
        let queue = PushQueue()
        let caller = Task { try await queue.deliver("a") }
        await queue.wait { $0.awaited == 1 }
        caller.cancel()
        await #expect(throws: CancellationError.self) { try await caller.value }
        let batch = try await queue.poll(request)
        #expect(batch.records.count == 1)
        try await queue.acknowledge([settle(batch.records[0])])
        #expect(queue.load.awaited == 0)
    }

    @Test("A finished queue gives what it has, then ends, and takes no more")
    func finish() async throws {
        let queue = PushQueue(limits: .init(maxRecords: 2))
        try await queue.send("0")
        try await queue.send("1")
        let waiting = Task { try await queue.send("2") }
        await queue.wait { $0.senders == 1 }
        queue.finish()
        await #expect { try await waiting.value } throws: { isNotConnected($0) }
        await #expect { try await queue.send("3") } throws: { isNotConnected($0) }
        let first = try await queue.poll(PollRequest(maxRecords: 1))
        #expect(first.records.count == 1 && !first.isEnd)
        let last = try await queue.poll(PollRequest(maxRecords: 1))
        #expect(last.records.count == 1 && last.isEnd)
    }

    @Test("Finishing an empty queue ends a poll that waits")
    func finishWakesPoll() async throws {
        let queue = PushQueue()
        async let batch = queue.poll(request)
        await queue.wait { $0.isPolled }
        queue.finish()
        #expect(try await batch.isEnd)
    }

    @Test("A cancelled poll takes nothing; the next one does")
    func cancelledPoll() async throws {
        let queue = PushQueue()
        let poll = Task { try await queue.poll(request) }
        await queue.wait { $0.isPolled }
        poll.cancel()
        await #expect(throws: CancellationError.self) { try await poll.value }
        try await queue.send("a")
        let late = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await queue.poll(request)
        }
        late.cancel()
        await #expect(throws: CancellationError.self) { try await late.value }
        #expect(try await queue.poll(request).records.count == 1)
    }

    @Test("Stopping tells the callers of polled records; what was not polled waits for the next run")
    func stop() async throws {
        let queue = PushQueue()
        let polled = Task { try await queue.deliver("polled") }
        await queue.wait { $0.awaited == 1 }
        _ = try await queue.poll(request)
        let kept = Task { try await queue.deliver("kept") }
        await queue.wait { $0.awaited == 2 }
        await queue.stop()
        await #expect { try await polled.value } throws: { isNotConnected($0) }
        let batch = try await queue.poll(request)
        #expect(batch.records.map(\.data.text) == ["kept"])
        try await queue.acknowledge([settle(batch.records[0])])
        #expect(try await kept.value.outcome == .delivered)
    }

    @Test("Records handed over at once stay together, and their outcomes come in their order")
    func deliverTogether() async throws {
        let queue = PushQueue()
        let records = ["a", "b", "c"].map { ConnectorRecord(.text($0)) }
        async let acknowledgements = queue.deliver(records)
        await queue.wait { $0.awaited == 1 }
        try await queue.send("d")
        let polled = try await queue.poll(request).records
        #expect(polled.map(\.data.text) == ["a", "b", "c", "d"])
        try await queue.acknowledge([settle(polled[2], .dropped), settle(polled[3])])
        try await queue.acknowledge([settle(polled[2]), settle(polled[0], .filtered)])
        #expect(queue.load.awaited == 1)
        try await queue.acknowledge([settle(polled[1])])
        #expect(try await acknowledgements.map(\.outcome) == [.filtered, .delivered, .dropped])
        #expect(try await queue.deliver([]).isEmpty)
    }

    @Test("Handing over returns when the last record is polled, and is told when that does not happen")
    func handOver() async throws {
        let queue = PushQueue()
        let caller = Task { try await queue.handOver(["a", "b"].map { ConnectorRecord(.text($0)) }) }
        await queue.wait { $0.awaited == 1 }
        _ = try await queue.poll(PollRequest(maxRecords: 1))
        #expect(queue.load.awaited == 1)
        _ = try await queue.poll(PollRequest(maxRecords: 1))
        try await caller.value
        let late = Task { try await queue.handOver([ConnectorRecord("c")]) }
        await queue.wait { $0.awaited == 1 }
        queue.close()
        await #expect { try await late.value } throws: { isNotConnected($0) }
    }

    @Test("Closing tells every caller, polled or not, forgets what waits, and ends the poll")
    func close() async throws {
        let queue = PushQueue(limits: .init(maxRecords: 2))
        let polled = Task { try await queue.deliver("polled") }
        await queue.wait { $0.awaited == 1 }
        let record = try await queue.poll(request).records[0]
        let queued = Task { try await queue.deliver("queued") }
        await queue.wait { $0.queued == 1 }
        try await queue.send("sent")
        let sender = Task { try await queue.send("waiting") }
        await queue.wait { $0.senders == 1 }
        queue.close()
        for caller in [polled, queued] {
            await #expect { _ = try await caller.value } throws: { isNotConnected($0) }
        }
        await #expect { try await sender.value } throws: { isNotConnected($0) }
        try await queue.acknowledge([settle(record)])
        let end = try await queue.poll(request)
        #expect(end.isEnd && end.records.isEmpty)
        #expect(queue.load.queued == 0 && queue.load.senders == 0 && queue.load.awaited == 0)
    }

    @Test("Many callers and one poller lose and repeat nothing")
    func manyCallers() async throws {
        let queue = PushQueue(limits: .init(maxRecords: 7))
        let polled = try await withThrowingTaskGroup(of: Void.self) { group in
            for caller in 0..<20 {
                group.addTask {
                    for index in 0..<50 { _ = try await queue.deliver("\(caller)/\(index)") }
                }
            }
            var polled: [String] = []
            while polled.count < 1000 {
                let batch = try await queue.poll(PollRequest(maxRecords: 5))
                polled += batch.records.compactMap(\.data.text)
                try await queue.acknowledge(batch.records.map { try settle($0) })
            }
            try await group.waitForAll()
            return polled
        }
        #expect(Set(polled).count == 1000)
    }
}
