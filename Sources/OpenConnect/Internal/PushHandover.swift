// SPDX-License-Identifier: Apache-2.0

/// What is known of the records that one caller hands over to a ``PushQueue`` at once.
struct PushHandover {
    /// What the caller waits for.
    enum Goal { case accepted, polled, settled }

    typealias Caller = CheckedContinuation<[Acknowledgement], any Error>

    let goal: Goal
    let since: ConnectorClock.Instant
    let caller: Caller
    /// Records that have not come as far as the caller waits for.
    private var open: Int
    private var acknowledgements: [Acknowledgement?]

    init(_ goal: Goal, _ count: Int, since: ConnectorClock.Instant, _ caller: Caller) {
        self.goal = goal
        self.since = since
        self.caller = caller
        open = count
        acknowledgements = Array(repeating: nil, count: goal == .settled ? count : 0)
    }

    /// Notes that a record was polled; whether that was the last thing the caller waited for.
    mutating func notePolled() -> Bool {
        guard goal == .polled else { return false }
        open -= 1
        return open == 0
    }

    /// Notes what became of the record at an index; whether that was the last thing the caller waited for.
    mutating func note(_ acknowledgement: Acknowledgement, at index: Int) -> Bool {
        guard goal == .settled, acknowledgements[index] == nil else { return false }
        acknowledgements[index] = acknowledgement
        open -= 1
        return open == 0
    }

    /// What the caller is told when it waits for nothing more.
    var outcome: [Acknowledgement] { acknowledgements.compactMap(\.self) }
}
