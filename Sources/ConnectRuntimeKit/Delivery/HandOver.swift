// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Where a source's task, the tasks of its sinks and the committer meet.
///
/// While a single sink keeps up the source's task puts its batches itself; else they go through bounded queues to the
/// tasks of the sinks. The committer gets its turn between two puts.
final class HandOver: Sendable {
    private let state: Lock<HandOverState>
    /// Lets the source's task work without the lock while nobody else wants anything.
    let lease: TurnLease
    /// There where somebody is interested in durations.
    let pollMeter: PollMeter?
    let clock: ConnectorClock
    let idleDelay: Duration

    init(_ state: HandOverState, clock: ConnectorClock) {
        idleDelay = state.options.idleDelay
        self.state = Lock(state)
        self.clock = clock
        lease = TurnLease(countsSizes: state.meter != nil)
        pollMeter = state.meter == nil ? nil : PollMeter()
    }

    /// Takes a step of the state machine, then wakes whom it concerns.
    @inline(__always)
    func step<Result: Sendable>(_ body: (inout HandOverState, inout Wakeups) -> Result) -> Result {
        var wake = Wakeups()
        let result = state.withLock { state in
            state.note(lease.end(), lease)
            return body(&state, &wake)
        }
        wake.perform()
        return result
    }

    /// The same for a task that parks for long: what the step needs is not kept in the frame of the task meanwhile.
    @inline(never)
    private func apart<Result: Sendable>(_ body: (inout HandOverState, inout Wakeups) -> Result) -> Result {
        step(body)
    }

    /// A step of the source's task, which is not in a poll or a put.
    @inline(__always)
    func sourceStep<Result: Sendable>(_ body: (inout HandOverState, inout Wakeups) -> Result) -> Result {
        var wake = Wakeups()
        let result = state.withLock { state in
            state.note(lease.endForHolder(), lease)
            return body(&state, &wake)
        }
        wake.perform()
        return result
    }

    /// Parks the calling task until it is woken, unless what it waits for has happened meanwhile.
    func park(
        _ slot: WritableKeyPath<HandOverState, Wakeups.Parked?>,
        unless isReady: (inout HandOverState, inout Wakeups) -> Bool
    ) async {
        await withUnsafeContinuation { continuation in
            let isReady = apart { state, wake in
                if isReady(&state, &wake) { return true }
                state[keyPath: slot] = continuation
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
                await park(\.parked.source) { state, _ in
                    if case .rest = state.restStep { return false }
                    return true
                }
            }
        }
    }

    /// Takes a step with what a poll returned; while polling rests, only once it goes on.
    func accept(
        resting: (Bool) async -> Void,
        _ step: (inout HandOverState, inout Wakeups) -> HandOverState.AcceptStep
    ) async -> HandOverState.AcceptStep {
        while true {
            let next = sourceStep(step)
            guard case .held = next else { return next }
            await resting(true)
            repeat {
                await park(\.parked.source) { state, _ in !state.holdsBatches }
            } while apart { state, _ in state.holdsBatches }
            // Before the step: the source may want to give up partitions first, and the batch is not in its way yet.
            await resting(false)
        }
    }

    /// The partitions held back, when others are than a suspended poll was told; `nil` when polling is over.
    func nextHoldChange() async -> [RecordPartition]? {
        while true {
            switch apart({ state, _ in state.holdStep() }) {
            case .tell(let partitions): return partitions
            case .end: return nil
            case .park: await park(\.parkedHoldTeller) { state, _ in state.isHoldTellerReady }
            }
        }
    }

    // MARK: The tasks of a sink

    /// The next put, or `nil` when there will be none. The caller has a turn until it ends the put.
    func nextPut(_ sink: Int) async -> PutJob? {
        while true {
            switch apart({ $0.sinkStep(sink, &$1) }) {
            case .put(let job): return job
            case .end: return nil
            case .park: await parkAtSink(sink)
            }
        }
    }

    /// The next put, where there is one to be made now.
    func nextPutIfAny(_ sink: Int) -> PutJob? {
        if case .put(let job) = apart({ $0.sinkStep(sink, &$1) }) { job } else { nil }
    }

    private func parkAtSink(_ sink: Int) async {
        await withUnsafeContinuation { continuation in
            let isReady = apart { state, _ in
                if state.isSinkReady(sink) { return true }
                state.desks[sink].parked.append(continuation)
                return false
            }
            if isReady { continuation.resume() }
        }
    }

    // MARK: Dead letters

    /// The next letters to write, or `nil` when there will be none.
    func nextLetters() async -> [PendingLetter]? {
        while true {
            switch apart({ state, _ in state.letterStep() }) {
            case .write(let letters): return letters
            case .end: return nil
            case .park: await park(\.parkedLetters) { state, _ in state.areLettersReady }
            }
        }
    }

    // MARK: The committer

    /// The next commit; `nil` when everything is committed that can be.
    func nextCommit() async -> CommitJob? {
        while true {
            switch apart({ $0.commitStep(&$1) }) {
            case .commit(let job): return job
            case .end: return nil
            case .park: await park(\.parked.committer) { state, _ in state.isCommitterReady }
            }
        }
    }

    /// Takes a sink's turn for a flush; `false` when the pipeline is given up meanwhile, or the task is cancelled.
    func takeFlushTurn(_ sink: Int) async -> Bool {
        await withTaskCancellationHandler {
            while true {
                if let hasTurn = apart({ state, _ in flushTurn(sink, state) }) { return hasTurn }
                await park(\.desks[sink].parkedFlush) { state, _ in flushTurn(sink, state) != nil }
            }
        } onCancel: {
            apart { state, wake in
                if let task = state.desks[sink].parkedFlush.take() { wake.add(task) }
            }
        }
    }

    /// Whether the sink may be flushed; `nil` while it is not known.
    private func flushTurn(_ sink: Int, _ state: borrowing HandOverState) -> Bool? {
        if state.phase == .aborted || Task.isCancelled { return false }
        return state.desks[sink].runningPuts == 0 ? true : nil
    }

    /// Waits until everything of the partitions is settled and committed; `false` when that will not happen.
    func commitAll(of partitions: [RecordPartition]) async -> Bool {
        await watch { state, wake in
            if state.areCommitted(partitions, &wake) { return true }
            return state.phase > .draining ? false : nil
        }
    }

    /// Waits until everything that was polled before a pause is delivered and committed; `false` when that will not
    /// happen, because the pause or the run is over, or the task is cancelled.
    func restInPause() async -> Bool {
        await watch { state, _ in
            if state.isAtRest { return true }
            return state.holdsBatches ? nil : false
        }
    }

    /// Looks again after each change until there is an answer; `false` when the task is cancelled.
    private func watch(for answer: (inout HandOverState, inout Wakeups) -> Bool?) async -> Bool {
        await withTaskCancellationHandler {
            while true {
                let found = apart { answer(&$0, &$1) ?? (Task.isCancelled ? false : nil) }
                if let found { return found }
                await withUnsafeContinuation { continuation in
                    let isReady = apart { state, wake in
                        guard answer(&state, &wake) == nil, !Task.isCancelled else { return true }
                        state.watchers.append(continuation)
                        return false
                    }
                    if isReady { continuation.resume() }
                }
            }
        } onCancel: {
            step { $0.wakeWatchers(&$1) }
        }
    }

    /// Waits until polling is over; whether a poll that is suspended has to be cancelled for it.
    func shouldCancelPoll() async -> Bool {
        await park(\.parked.pollCanceller) { state, _ in state.phase != .running || state.hasSourceEnded }
        return step { state, _ in state.isPolling && state.phase != .running }
    }

    func fail(_ error: any Error, sinkIsUsable: Bool) {
        step { $0.fail(error, sinkIsUsable: sinkIsUsable, &$1) }
    }
}
