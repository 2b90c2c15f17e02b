// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Testing

@testable import HTTPConnector

@Suite("Deadlines and permits of requests", .timeLimit(.minutes(10)))
struct RequestDeadlinesTests {
    @Test func `many deadlines need one timer`() async throws {
        let clock = ManualClock()
        let deadlines = RequestDeadlines(clock.connectorClock)
        await withTaskGroup(of: Int.self) { group in
            let timer = Task { await deadlines.run() }
            for number in 0..<3 {
                group.addTask { (try? await deadlines.wait(for: .seconds(10))) == nil ? -1 : number }
            }
            await clock.sleepers(atLeast: 1)
            clock.advance(by: .seconds(10))
            var over: Set<Int> = []
            // Who came late has a deadline of its own.
            while over.count < 3 {
                if let number = await group.next() { over.insert(number) }
                clock.advance(by: .seconds(10))
            }
            #expect(over == [0, 1, 2])
            timer.cancel()
            await timer.value
        }
    }

    @Test func `a deadline that is not needed any more leaves nothing behind`() async throws {
        let clock = ManualClock()
        let deadlines = RequestDeadlines(clock.connectorClock)
        let timer = Task { await deadlines.run() }
        for _ in 0..<1000 {
            let task = Task { try await deadlines.wait(for: .seconds(10)) }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
        }
        #expect(deadlines.count == 0)
        let last = Task { try await deadlines.wait(for: .seconds(10)) }
        await clock.sleepers(atLeast: 1)
        while deadlines.count == 0 { await Task.yield() }
        clock.advance(by: .seconds(20))
        try await last.value
        timer.cancel()
        await timer.value
    }

    @Test func `a timer that has nothing to do ends when it is cancelled`() async {
        let timer = Task { await RequestDeadlines(ManualClock().connectorClock).run() }
        await Task.yield()
        timer.cancel()
        await timer.value
    }

    @Test func `permits are given in turn, and not to who has gone`() async throws {
        let permits = RequestPermits(1)
        let gate = Gate()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await permits.withPermit { try await gate.pass() } }
            await gate.arrivals(1)
            let gone = Task { try await permits.withPermit {} }
            group.addTask { try await permits.withPermit {} }
            gone.cancel()
            await #expect(throws: CancellationError.self) { try await gone.value }
            gate.open()
            try await group.waitForAll()
        }
        try await permits.withPermit {}
    }
}
