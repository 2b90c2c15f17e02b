// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Demands a commit when the interval has passed, or earlier when the source is waiting and nothing is in flight.
struct CommitTimer: Sendable {
    let handOver: HandOver
    let interval: Duration

    @concurrent
    func run() async throws {
        while true {
            switch handOver.step({ state, _ in state.timerStep() }) {
            case .end:
                return
            case .park:
                await handOver.park(\.parked.timer) { state, _ in
                    if case .park = state.timerStep() { return false }
                    return true
                }
            case .wait(let pollNumber):
                try await wait(pollNumber)
            }
        }
    }

    private static let leastPause = Duration.milliseconds(1)

    /// Looks at growing intervals whether the source is waiting in one and the same call.
    private func wait(_ pollNumber: UInt64) async throws {
        var number = pollNumber
        var pause = max(handOver.idleDelay, Self.leastPause)
        var remaining = interval
        while remaining > .zero {
            let step = min(pause, remaining)
            try await handOver.clock.sleep(for: step)
            remaining -= step
            pause = pause * 2
            let since = number
            let (isOver, newest) = handOver.step { state, wake in
                guard case .wait(let newest) = state.timerStep() else { return (true, since) }
                let isWaiting = state.isSourceWaiting(since: since)
                if isWaiting { state.demandCommit(&wake) }
                return (isWaiting, newest)
            }
            if isOver { return }
            number = newest
        }
        handOver.step { state, wake in
            if case .wait = state.timerStep() { state.demandCommit(&wake) }
        }
    }
}

/// Lets polling rest when what is polled stays uncommitted for too long.
struct UncommittedWatch: Sendable {
    let handOver: HandOver
    let limit: Duration

    @concurrent
    func run() async throws {
        var seen: UInt64?
        var quarters = 0
        while true {
            try await handOver.clock.sleep(for: limit / 4)
            let isOverdue = quarters >= 2
            let before = seen
            let (newest, isWaiting) = handOver.step { state, _ in
                let isWaiting = state.commitNumber == before && state.ledger.uncommittedRecords > 0
                if isWaiting, isOverdue { state.isUncommittedTooLong = true }
                return (state.commitNumber, isWaiting)
            }
            quarters = isWaiting ? quarters + 1 : 0
            seen = newest
        }
    }
}
