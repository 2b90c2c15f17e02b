// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Where a source's task, a sink's task and the committer meet.
///
/// While the sink keeps up the source's task puts its batches itself; else they go through a bounded queue to the sink's
/// task. The committer gets its turn between two puts.
final class HandOver: Sendable {
    private let state: Lock<HandOverState>
    /// Lets the source's task work without the lock while nobody else wants anything.
    let lease = TurnLease()
    let clock: ConnectorClock
    let idleDelay: Duration

    init(_ state: HandOverState, clock: ConnectorClock) {
        idleDelay = state.options.idleDelay
        self.state = Lock(state)
        self.clock = clock
    }

    /// Takes a step of the state machine, then wakes whom it concerns.
    @inline(__always)
    func step<Result: Sendable>(_ body: (inout HandOverState, inout Wakeups) -> Result) -> Result {
        var wake = Wakeups()
        let result = state.withLock { state in
            state.note(lease.end())
            return body(&state, &wake)
        }
        wake.perform()
        return result
    }

    /// A step of the source's task, which is not in a poll or a put.
    @inline(__always)
    func sourceStep<Result: Sendable>(_ body: (inout HandOverState, inout Wakeups) -> Result) -> Result {
        var wake = Wakeups()
        let result = state.withLock { state in
            state.note(lease.endForHolder())
            return body(&state, &wake)
        }
        wake.perform()
        return result
    }

    /// Parks the calling task until it is woken, unless what it waits for has happened meanwhile.
    func park(
        _ slot: WritableKeyPath<Wakeups, Wakeups.Parked?>,
        unless isReady: (inout HandOverState, inout Wakeups) -> Bool
    ) async {
        await withUnsafeContinuation { continuation in
            let isReady = step { state, wake in
                if isReady(&state, &wake) { return true }
                state.parked[keyPath: slot] = continuation
                return false
            }
            if isReady { continuation.resume() }
        }
    }

    // MARK: The source's task

    /// The next request, or `nil` when the source is to be polled no more. Waits while a limit is reached.
    func nextPoll(resting: (Bool) async -> Void) async -> PollRequest? {
        var isResting = false
        while true {
            switch sourceStep({ $0.pollStep(&$1) }) {
            case .poll(let request):
                if isResting { await resting(false) }
                return request
            case .end:
                return nil
            case .rest:
                if !isResting { await resting(true) }
                isResting = true
                await park(\.source) { state, _ in
                    if case .rest = state.restStep { return false }
                    return true
                }
            }
        }
    }

    // MARK: The sink's task

    /// The next queued batch, or `nil` when there will be none. The caller has the turn until it ends the put.
    func nextPut() async -> DeliveryBatch? {
        while true {
            switch step({ state, _ in state.sinkStep() }) {
            case .put(let batch): return batch
            case .end: return nil
            case .park: await park(\.sink) { state, _ in state.isSinkReady }
            }
        }
    }

    // MARK: The committer

    /// The next set to commit, with the sink's turn taken; `nil` when everything is committed that can be.
    func nextCommit() async -> CommitSet? {
        while true {
            switch step({ $0.commitStep(&$1) }) {
            case .commit(let set): return set
            case .end: return nil
            case .park: await park(\.committer) { state, _ in state.isCommitterReady }
            }
        }
    }

    /// Waits until everything of the partitions is settled and committed; `false` when that will not happen.
    func commitAll(of partitions: [RecordPartition]) async -> Bool {
        while true {
            let (isOver, isCommitted) = step { state, wake in
                let isCommitted = state.areCommitted(partitions, &wake)
                return (isCommitted || state.phase > .draining || Task.isCancelled, isCommitted)
            }
            if isOver { return isCommitted }
            await withUnsafeContinuation { continuation in
                let isReady = step { state, wake in
                    guard !state.areCommitted(partitions, &wake), state.phase <= .draining, !Task.isCancelled else {
                        return true
                    }
                    state.watchers.append(continuation)
                    return false
                }
                if isReady { continuation.resume() }
            }
        }
    }

    /// Has those who watch look again.
    func wakeWatchers() {
        step { $0.wakeWatchers(&$1) }
    }

    /// Waits until polling is over; whether a poll that is suspended has to be cancelled for it.
    func shouldCancelPoll() async -> Bool {
        await park(\.pollCanceller) { state, _ in state.phase != .running || state.hasSourceEnded }
        return step { state, _ in state.isPolling && state.phase != .running }
    }

    func fail(_ error: any Error, sinkIsUsable: Bool) {
        step { $0.fail(error, sinkIsUsable: sinkIsUsable, &$1) }
    }
}
