// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// What becomes of a supervised pipeline: what is wanted of it, what it does, and what happens after a failure.
///
/// The states are those of ``PipelineState``. Two tasks ask it for their next step: one runs the pipeline, and while it
/// does, the other passes on what is wanted of the run.
struct Supervision: Sendable {
    /// What the operator wants.
    enum Wish: Sendable { case run, pause, stop }

    /// What the task does that runs the pipeline.
    enum Step: Sendable, Equatable {
        case run
        /// Nothing, until something is wanted, or until that instant where there is one.
        case wait(until: ConnectorClock.Instant?)
        case end
    }

    /// What a running pipeline has to be told.
    enum Order: Sendable { case pause, resume, stop }

    private(set) var wish: Wish
    private(set) var state = PipelineState.created
    /// What the newest run that has ended failed with.
    private(set) var lastError: ConnectorError?
    /// How often the pipeline was run again by itself.
    private(set) var restarts = 0
    /// The pipeline's source came to its end.
    private(set) var isCompleted = false
    /// How many runs have ended.
    private(set) var endedRuns: UInt64 = 0

    private(set) var isRunning = false
    private let policy: RestartPolicy
    private let isStandby: Bool
    /// The run can be told something.
    private var hasBegun = false
    private var isAtRest = false
    private var isClosing = false
    private var isEditing = false
    /// The run is to be followed by another one.
    private var runsAgain = false
    /// What the run was told last.
    private var told: Order?
    /// The failures since the pipeline was healthy.
    private var failures = 0
    private var runningSince: ConnectorClock.Instant?
    private var restartDue: ConnectorClock.Instant?

    /// - Parameter isStandby: whether the pipeline claims its offsets by waiting until they are free.
    init(_ wish: Wish, _ policy: RestartPolicy, isStandby: Bool) {
        self.wish = wish
        self.policy = policy
        self.isStandby = isStandby
        if wish == .pause { state = .paused }
        if wish == .stop { state = .stopped }
    }

    /// Whether nothing will happen any more unless somebody asks for it.
    var isDone: Bool { !isRunning && (isCompleted || state == .failed || isClosing) }
    /// Whether it is paused, and does not come back by itself from the failure of its newest run.
    var isPausedAfterFailure: Bool { state == .paused && !isRunning && lastError != nil }
    /// Whether it waits before it is run again.
    var isBackingOff: Bool { restartDue != nil }
    /// Whether the offsets may be looked at and changed.
    var mayEdit: Bool { !isRunning && !isEditing && state != .restarting }

    // MARK: The task that runs the pipeline

    /// What comes next; to be asked when a run has ended, something is wanted, or the instant of a wait has come.
    mutating func next(at now: ConnectorClock.Instant) -> Step {
        guard !isClosing else { return .end }
        guard wish == .run, !isEditing, !isCompleted, state != .failed else { return .wait(until: nil) }
        if let restartDue, restartDue > now { return .wait(until: restartDue) }
        if restartDue != nil { restarts += 1 }
        restartDue = nil
        isRunning = true
        hasBegun = false
        isAtRest = false
        told = nil
        return .run
    }

    /// The run has come as far as that. What it ends with is told by the end itself.
    mutating func note(_ state: PipelineState, at now: ConnectorClock.Instant) {
        guard isRunning, state != .stopped, state != .failed else { return }
        hasBegun = true
        if state == .running, runningSince == nil { runningSince = now }
        self.state = state
        showPause()
    }

    /// A run has ended.
    ///
    /// - Parameters:
    ///   - isCancelled: whether the task that ran it was cancelled. A connector that says so of itself has failed.
    ///   - isShared: whether it was that of a member of a group.
    /// - Returns: how long it is until the next one, where the pipeline failed and is run again by itself.
    mutating func ended(
        _ error: ConnectorError?,
        at now: ConnectorClock.Instant,
        _ randomness: PipelineRandomness,
        isCancelled: Bool = false,
        isShared: Bool = false
    ) -> Duration? {
        let wasHealthy = runningSince.map { now.since($0) >= policy.healthyAfter } ?? false
        if wasHealthy { failures = 0 }
        isRunning = false
        runningSince = nil
        endedRuns += 1
        let isAsked = isClosing || runsAgain || told == .stop
        runsAgain = false
        lastError = error
        guard let error, !isAsked, !(isCancelled && error.code == .cancelled) else {
            isCompleted = !isAsked && error == nil
            state = wish == .pause ? .paused : .stopped
            return nil
        }
        guard policy.allows(error, restarts: failures, hasTurn: isStandby || isShared) else {
            state = .failed
            return nil
        }
        failures += 1
        guard wish == .run else {
            state = wish == .pause ? .paused : .stopped
            return nil
        }
        let delay = policy.delay(before: failures, randomness)
        restartDue = now.advanced(by: delay)
        state = .restarting
        return delay
    }

    // MARK: The task beside a run

    /// What the run has to be told now.
    mutating func order() -> Order? {
        guard hasBegun, isRunning, told != .stop else { return nil }
        let wanted = wantedOrder
        // A pause that is not at rest yet is asked for again: whoever waits for it may have been disturbed.
        guard wanted != told || wanted == .pause && !isAtRest, wanted != .resume || told == .pause else { return nil }
        told = wanted
        isAtRest = false
        if wanted == .resume, state == .paused { state = .running }
        return wanted
    }

    private var wantedOrder: Order {
        if isClosing || runsAgain { return .stop }
        switch wish {
        case .run: return .resume
        case .pause: return .pause
        case .stop: return .stop
        }
    }

    /// Everything that was polled before the pause is delivered and committed.
    mutating func noteAtRest() {
        isAtRest = isRunning && told == .pause
        showPause()
    }

    /// A pipeline that is paused while it starts is so once it has started.
    private mutating func showPause() {
        if isAtRest, state == .running { state = .paused }
    }

    // MARK: What is wanted

    /// Has the pipeline run, from its committed positions.
    mutating func resume() throws(ConnectorError) {
        try checkNotFailed("resumed")
        wish = .run
        isCompleted = false
    }

    mutating func pause() throws(ConnectorError) {
        try checkNotFailed("paused")
        wish = .pause
        restartDue = nil
        if !isRunning { state = .paused }
    }

    mutating func stop() {
        wish = .stop
        restartDue = nil
        isCompleted = false
        if !isRunning { state = .stopped }
    }

    /// Has the pipeline run anew, with all its earlier failures forgotten.
    mutating func restart() {
        wish = .run
        failures = 0
        isCompleted = false
        restartDue = nil
        if isRunning { runsAgain = true } else { state = .restarting }
    }

    /// Nothing is run any more.
    mutating func close() {
        isClosing = true
        restartDue = nil
        if !isRunning, state != .failed { state = .stopped }
    }

    private func checkNotFailed(_ verb: String) throws(ConnectorError) {
        guard state == .failed else { return }
        throw ConnectorError(
            .invalidConfiguration,
            "it has failed and cannot be \(verb); restart it, once the cause is mended",
            cause: lastError
        )
    }

    // MARK: Offsets

    /// Keeps the pipeline from running while its offsets are looked at or changed; `false` where it runs.
    mutating func beginEditing() -> Bool {
        guard mayEdit else { return false }
        isEditing = true
        return true
    }

    mutating func endEditing() { isEditing = false }
}
