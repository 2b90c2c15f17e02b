// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Testing

@testable import HTTPConnector

@Suite("Gathering requests", .timeLimit(.minutes(10)))
struct PollPaceTests {
    @Test("Who is alone never waits, nor does the first poll, nor anybody where nothing is gathered")
    func alone() async throws {
        let manual = ManualClock()
        let pace = PollPace(gathering: .milliseconds(1), clock: manual.connectorClock)
        try await pace.wait()
        for records in [1, 0, 1] {
            pace.note(records)
            try await pace.wait()
        }
        let none = PollPace(gathering: .zero, clock: manual.connectorClock)
        none.note(50)
        try await none.wait()
    }

    @Test("Behind several records, the next poll waits for the rest of the time, and no longer")
    func several() async throws {
        let manual = ManualClock()
        let pace = PollPace(gathering: .milliseconds(10), clock: manual.connectorClock)
        pace.note(2)
        manual.advance(by: .milliseconds(4))
        async let waited: Void = pace.wait()
        await manual.sleepers()
        manual.advance(by: .milliseconds(6))
        try await waited
        pace.note(2)
        manual.advance(by: .milliseconds(10))
        try await pace.wait()
    }

    @Test("A poll that is cancelled while it waits says so")
    func cancelled() async throws {
        let manual = ManualClock()
        let pace = PollPace(gathering: .seconds(10), clock: manual.connectorClock)
        pace.note(2)
        let waiting = Task { try await pace.wait() }
        await manual.sleepers()
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
    }
}
