// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import Testing

@Suite("Waiting for somebody who does not come", .timeLimit(.minutes(1)))
struct CancelledWatcherTests {
    @Test("ends when the task is cancelled, before or while it waits", arguments: [true, false])
    func ends(isEarly: Bool) async {
        let (gate, clock) = (Gate(), ManualClock())
        for wait in [{ await gate.arrivals(1) }, { await clock.sleepers(atLeast: 1) }] as [@Sendable () async -> Void] {
            let task = Task {
                if isEarly { withUnsafeCurrentTask { $0?.cancel() } }
                await wait()
                return Task.isCancelled
            }
            if !isEarly { for _ in 0..<20 { await Task.yield() } }
            task.cancel()
            #expect(await task.value)
        }
    }

    @Test("does not end before, and leaves nothing behind for the next")
    func next() async throws {
        let gate = Gate()
        let cancelled = Task { await gate.arrivals(1) }
        cancelled.cancel()
        await cancelled.value
        let counted = Task {
            await gate.arrivals(2)
            return gate.isOpen
        }
        let passing = Task { try await gate.pass() }
        await gate.arrivals(1)
        gate.open()
        try await gate.pass()
        try await passing.value
        #expect(await counted.value)
    }
}
