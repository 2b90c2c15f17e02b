// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Synchronization
import Testing

@testable import HTTPConnector

private final class Tally: Sendable {
    private let value = Mutex(0)
    var count: Int { value.withLock(\.self) }
    func add() { value.withLock { $0 += 1 } }
}

@Suite("When senders are answered", .timeLimit(.minutes(10)))
struct AnswerTests {
    private let event = RefusedRequest.event

    private func event(_ id: String) -> [String: String] { event.merging(["ce-id": id]) { $1 } }

    @Test("Committed: not before the flush, each request for itself, also when they overlap")
    func committed() async throws {
        let flushing = Gate()
        try await withReceiver(into: {
            GatedSink(base: InMemorySink($0), putting: Gate(isOpen: true), flushing: flushing)
        }) { receiver in
            let answered = Tally()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<8 {
                    group.addTask {
                        let status = try await receiver.send("{}", event("\(index)")).status
                        #expect(status == 200)
                        answered.add()
                    }
                }
                await flushing.arrivals()
                #expect(answered.count == 0 && receiver.log.count > 0)
                flushing.open()
                try await group.waitForAll()
            }
            #expect(answered.count == 8)
            #expect(Set(receiver.log.records.compactMap(\.id)).count == 8)
        }
    }

    @Test("Accepted: once the pipeline has the event, which a stop still delivers")
    func accepted() async throws {
        let putting = Gate()
        var options = HTTPSource.Options()
        options.answer = .accepted
        try await withReceiver(
            options,
            into: { GatedSink(base: InMemorySink($0), putting: putting, flushing: Gate(isOpen: true)) }
        ) { receiver in
            #expect(try await receiver.send("{}", event("1")).status == 202)
            await putting.arrivals()
            receiver.pipeline.stop()
            putting.open()
            _ = try await receiver.log.waitForCount(1)
        }
    }

    @Test(
        "A request that finds no room is refused with the configured status, and taken later",
        arguments: [503, 429]
    )
    func overload(status: Int) async throws {
        let putting = Gate()
        var options = HTTPSource.Options()
        options.queue.maxRecords = 1
        options.overload.status = status
        options.overload.retryAfter = .milliseconds(1500)
        var delivery = DeliveryOptions()
        delivery.maxPollRecords = 1
        delivery.maxInFlightRecords = 1
        try await withReceiver(
            options,
            into: { GatedSink(base: InMemorySink($0), putting: putting, flushing: Gate(isOpen: true)) },
            delivery: delivery
        ) { receiver in
            try await withThrowingTaskGroup(of: Reply.self) { group in
                group.addTask { try await receiver.send("{}", event("in flight")) }
                await putting.arrivals()
                // One waits; whoever comes then is refused.
                for index in 0..<2 { group.addTask { try await receiver.send("{}", event("\(index)")) } }
                let refused = try #require(try await group.next())
                #expect(refused.status == status && refused.headers["retry-after"] == "2", "\(refused)")
                #expect(refused.body.contains("full"))
                putting.open()
                for try await reply in group { #expect(reply.status == 200) }
            }
            #expect(try await receiver.send("{}", event("late")).status == 200)
            #expect(receiver.log.count == 3)
        }
    }

    @Test("Who waits for a commit that does not come gets 504, and the event goes its way")
    func timeout() async throws {
        let putting = Gate()
        var options = HTTPSource.Options()
        options.answerTimeout = .milliseconds(20)
        try await withReceiver(
            options,
            into: { GatedSink(base: InMemorySink($0), putting: putting, flushing: Gate(isOpen: true)) }
        ) { receiver in
            let reply = try await receiver.send("{}", event("1"))
            #expect(reply.status == 504 && reply.headers["retry-after"] == "1")
            putting.open()
            #expect(try await receiver.log.waitForCount(1).map(\.id) == ["1"])
        }
    }

    @Test("Whoever waits when the pipeline fails is told to send again")
    func failing() async throws {
        let broken = FaultScript(.put, [.fails(ConnectorError(.fatal, "broken"))])
        await #expect(throws: ConnectorError.self) {
            try await withReceiver(into: { FaultySink(InMemorySink($0), broken) }) { receiver in
                let reply = try await receiver.send("{}", event("1"))
                #expect(reply.status == 503 && reply.headers["retry-after"] == "1")
            }
        }
    }

    @Test("A rejected event is answered when it is safe in the dead letters")
    func deadLetters() async throws {
        // Without dead letters the pipeline fails, and the sender keeps the event.
        var delivery = DeliveryOptions()
        delivery.onError = .drop
        let rejecting = FaultScript { call in call.method == .put ? .rejects { _ in true } : nil }
        try await withReceiver(into: { FaultySink(InMemorySink($0), rejecting) }, delivery: delivery) { receiver in
            let reply = try await receiver.send("{}", event("1"))
            #expect(reply.status == 200 && receiver.log.count == 0)
        }
    }
}
