// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Synchronization
import Testing

@Suite("Room in a push queue", .timeLimit(.minutes(10)))
struct PushQueueRoomTests {
    private let request = PollRequest(maxRecords: 100)

    @Test("A full queue makes callers wait, and lets them in, in order, as it is polled")
    func backPressure() async throws {
        let queue = PushQueue(limits: .init(maxRecords: 2))
        try await queue.send("0")
        try await queue.send("1")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 2..<5 {
                group.addTask { try await queue.send("\(index)") }
                await queue.wait { $0.senders == index - 1 }
            }
            var polled: [String?] = []
            while polled.count < 5 {
                let batch = try await queue.poll(PollRequest(maxRecords: 1))
                #expect(batch.records.count == 1 && queue.load.queued <= 2)
                polled += batch.records.map(\.data.text)
            }
            #expect(polled == ["0", "1", "2", "3", "4"])
            try await group.waitForAll()
        }
        #expect(queue.load.queued == 0 && queue.load.senders == 0)
    }

    @Test("Bytes are limited too, and one record that is larger is let through alone")
    func byteLimit() async throws {
        let queue = PushQueue(limits: .init(maxRecords: 10, maxBytes: 10))
        func record(_ size: Int) -> ConnectorRecord { ConnectorRecord(.bytes([UInt8](repeating: 0, count: size))) }
        try await queue.send(record(6))
        try await queue.send(record(4))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await queue.send(record(50)) }
            await queue.wait { $0.senders == 1 }
            group.addTask { try await queue.send(record(1)) }
            await queue.wait { $0.senders == 2 }
            var polled = try await queue.poll(request).records
            #expect(polled.map(\.data.count) == [6, 4] && queue.load.queued == 1)
            polled = try await queue.poll(request).records
            #expect(polled.map(\.data.count) == [50])
            polled = try await queue.poll(request).records
            #expect(polled.map(\.data.count) == [1])
            try await group.waitForAll()
        }
    }

    @Test("A caller that is cancelled while it waits for room leaves nothing behind")
    func cancelledSender() async throws {
        let queue = PushQueue(limits: .init(maxRecords: 1))
        try await queue.send("0")
        let sender = Task { try await queue.send("1") }
        await queue.wait { $0.senders == 1 }
        sender.cancel()
        await #expect(throws: CancellationError.self) { try await sender.value }
        #expect(queue.load.senders == 0)
        #expect(try await queue.poll(request).records.map(\.data.text) == ["0"])
        #expect(queue.load.queued == 0)
    }

    @Test("A queue that refuses lets in what has room, and what is alone")
    func refuseWhenFull() async throws {
        let queue = PushQueue(limits: .init(maxRecords: 2, refusesWhenFull: true))
        let three = ["0", "1", "2"].map { ConnectorRecord(.text($0)) }
        func isThrottled(_ error: any Error) -> Bool { (error as? ConnectorError)?.code == .throttled }
        let alone = Task { try await queue.deliver(three) }
        await queue.wait { $0.queued == 3 }
        await #expect { try await queue.send("3") } throws: { isThrottled($0) }
        #expect(try await queue.poll(request).records.count == 3)
        try await queue.send("4")
        await #expect { try await queue.handOver(Array(three[..<2])) } throws: { isThrottled($0) }
        try await queue.send("5")
        #expect(try await queue.poll(request).records.map(\.data.text) == ["4", "5"])
        #expect(queue.load.senders == 0)
        await queue.stop()
        await #expect { _ = try await alone.value } throws: { isNotConnected($0) }
    }

    @Test("Whoever has waited too long is told so, for room or for an outcome; what was let in goes its way")
    func expire() async throws {
        let time = Mutex<Int64>(0)
        let queue = PushQueue(
            limits: .init(maxRecords: 1),
            clock: ConnectorClock(SteppedClock { time.withLock(\.self) })
        )
        let old = Task { try await queue.deliver("old") }
        await queue.wait { $0.awaited == 1 }
        let sender = Task { try await queue.send("no room") }
        await queue.wait { $0.senders == 1 }
        time.withLock { $0 = 10 }
        let polled = try await queue.poll(request).records
        #expect(polled.map(\.data.text) == ["old"])
        try await sender.value
        let young = Task { try await queue.deliver("young") }
        await queue.wait { $0.senders == 1 }
        time.withLock { $0 = 15 }
        queue.expire(waitingLongerThan: .nanoseconds(10))
        await #expect { _ = try await old.value } throws: { ($0 as? ConnectorError)?.code == .deadlineExceeded }
        #expect(queue.load.senders == 1 && queue.load.queued == 1)
        time.withLock { $0 = 25 }
        queue.expire(waitingLongerThan: .nanoseconds(10))
        await #expect { _ = try await young.value } throws: { ($0 as? ConnectorError)?.code == .deadlineExceeded }
        #expect(queue.load.senders == 0)
        try await queue.acknowledge([settle(polled[0])])
        #expect(try await queue.poll(request).records.map(\.data.text) == ["no room"])
    }

    @Test("Those behind a sender that gives up have its room", arguments: [true, false])
    func givenUpRoom(isCancelled: Bool) async throws {
        let time = Mutex<Int64>(0)
        let queue = PushQueue(
            limits: .init(maxRecords: 2),
            clock: ConnectorClock(SteppedClock { time.withLock(\.self) })
        )
        try await queue.send("first")
        let large = Task { try await queue.handOver(["a", "b"].map { ConnectorRecord(.text($0)) }) }
        await queue.wait { $0.senders == 1 }
        time.withLock { $0 = 10 }
        let small = Task { try await queue.send("small") }
        await queue.wait { $0.senders == 2 }
        if isCancelled { large.cancel() } else { queue.expire(waitingLongerThan: .nanoseconds(5)) }
        await #expect(throws: (any Error).self) { try await large.value }
        try await small.value
        #expect(try await queue.poll(PollRequest(maxRecords: 9)).records.map(\.data.text) == ["first", "small"])
    }
}

/// A clock that a test moves; nobody sleeps by it.
private struct SteppedClock: Clock {
    struct Instant: InstantProtocol {
        var nanoseconds: Int64
        func advanced(by duration: Duration) -> Instant {
            Instant(nanoseconds: nanoseconds + duration.components.attoseconds / 1_000_000_000)
        }
        func duration(to other: Instant) -> Duration { .nanoseconds(other.nanoseconds - nanoseconds) }
        static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }
    }

    let time: @Sendable () -> Int64
    var now: Instant { Instant(nanoseconds: time()) }
    var minimumResolution: Duration { .nanoseconds(1) }
    func sleep(until deadline: Instant, tolerance: Duration?) async throws { throw CancellationError() }
}
