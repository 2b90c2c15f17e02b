// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Runs one pipeline of a runtime, again and again where its policy says so, and passes on what is wanted of it.
final class PipelineSupervisor: Sendable {
    let pipeline: Pipeline
    /// Rings after each change of the state.
    let changes = ChangeSignal()

    private let options: RuntimeOptions
    private let clock: ConnectorClock
    private let randomness: PipelineRandomness
    private let events: EventSender
    private let state: Lock<Supervision>
    private let stalls: Lock<StallWatch>
    private let onDone: @Sendable () -> Void
    private let newWish = Bell()
    private let newOrder = Bell()

    /// - Parameter onDone: told when nothing will happen any more unless somebody asks for it.
    init(
        _ pipeline: Pipeline,
        _ wish: Supervision.Wish,
        _ setting: RuntimeSetting,
        onDone: @escaping @Sendable () -> Void
    ) {
        self.pipeline = pipeline
        self.onDone = onDone
        options = setting.options
        clock = setting.clock
        randomness = setting.randomness
        events = pipeline.events
        state = Lock(Supervision(wish, setting.options.restart, isStandby: pipeline.options.claim == .wait))
        pipeline.observers.add(ofRuntime: setting.observer)
        stalls = Lock(StallWatch(limit: setting.options.stallLimit))
    }

    var name: String { pipeline.name }
    var supervision: Supervision { state.withLock { $0 } }

    // MARK: The task that runs the pipeline

    /// Runs the pipeline whenever that is wanted, until the supervision is closed or the task is cancelled.
    @concurrent
    func run() async {
        while !Task.isCancelled {
            switch state.withLock({ $0.next(at: clock.now) }) {
            case .run: await runOnce()
            case .wait(let due): await wait(until: due)
            case .end: return
            }
        }
        take { $0.close() }
    }

    private func wait(until due: ConnectorClock.Instant?) async {
        guard let due else { return await newWish.wait() }
        await withTaskGroup { group in
            group.addTask { try? await self.clock.sleep(until: due) }
            group.addTask { await self.newWish.wait() }
            await group.next()
            group.cancelAll()
        }
    }

    /// Runs the pipeline to its end, while another task passes on what is wanted of the run.
    private func runOnce() async {
        let error = await withTaskGroup { group in
            group.addTask { await self.passOrders() }
            defer { group.cancelAll() }
            return await result()
        }
        var delay: Duration?
        take {
            delay = $0.ended(
                error,
                at: clock.now,
                randomness,
                isCancelled: Task.isCancelled,
                isShared: pipeline.sharesClaims
            )
        }
        if let delay { tellRestart(after: delay, error) }
    }

    private func result() async -> ConnectorError? {
        do {
            try await pipeline.run { [self] newest in take { $0.note(newest, at: clock.now) } }
            return nil
        } catch {
            return error.inCall("run", of: "pipeline")
        }
    }

    private func tellRestart(after delay: Duration, _ error: ConnectorError?) {
        let restart = supervision.restarts + 1
        events.send(
            .pipelineRestart,
            .warning,
            "the pipeline \"\(name)\" failed and is run again",
            attributes: ["attempt": "\(restart)", "delay": "\(delay)"],
            error: error
        ) {
            $0.delay = delay
            $0.attempt = restart
        }
    }

    // MARK: The task beside a run

    private func passOrders() async {
        while !Task.isCancelled {
            switch nextOrder() {
            case .pause: await pauseRun()
            case .resume: pipeline.resume()
            case .stop: pipeline.stop()
            case nil: await newOrder.wait()
            }
        }
    }

    /// Has the run pause, and waits until it is at rest or something else is wanted.
    ///
    /// Where the run cannot come to rest, because it is ending, it is not asked again before something else is wanted.
    private func pauseRun() async {
        await withTaskGroup(of: Bool?.self) { group in
            group.addTask { await self.pipeline.pause() }
            group.addTask {
                await self.newOrder.wait()
                return nil
            }
            switch await group.next() {
            case true?: take { $0.noteAtRest() }
            case false?: _ = await group.next()
            case nil, .some(nil): break
            }
            group.cancelAll()
        }
    }

    // MARK: What is wanted

    /// Takes a step of the state machine, and has everybody look at what it came to.
    func take<Failure: Error>(_ step: (inout Supervision) throws(Failure) -> Void) throws(Failure) {
        try change(step)
        newWish.ring()
        newOrder.ring()
    }

    private func nextOrder() -> Supervision.Order? {
        change { $0.order() }
    }

    private func change<Result: Sendable, Failure: Error>(
        _ step: (inout Supervision) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let (result, before, after) = try state.withLock { state throws(Failure) in
            let before = state.state
            return (try step(&state), before, state)
        }
        changes.notify()
        // The pipeline itself tells of the others.
        let isTold = [.paused, .restarting, .stopped].contains(after.state) || before == .paused
        if before != after.state, isTold { pipeline.enter(after.state) }
        if after.isDone { onDone() }
        return result
    }

    /// Waits until a condition holds.
    ///
    /// - Throws: what the condition throws; `CancellationError` when cancelled.
    func wait(until isReached: @Sendable (Supervision) throws -> Bool) async throws {
        while true {
            let seen = changes.count
            if try isReached(supervision) { return }
            try await changes.wait(beyond: seen)
        }
    }

    // MARK: Health

    var metrics: PipelineMetrics { pipeline.metrics }

    var health: PipelineHealth {
        let supervision = supervision
        let status = pipeline.status
        return PipelineHealth(
            pipeline: name,
            status: PipelineStatus(state: supervision.state, counts: status.counts, calls: status.calls),
            stalledCalls: stalls.withLock(\.stalled),
            restarts: supervision.restarts,
            lastError: supervision.lastError,
            isPausedAfterFailure: supervision.isPausedAfterFailure
        )
    }

    /// Looks whether a call does not return, and tells what is new about it.
    func lookForStalls() {
        let calls = pipeline.status.calls
        let now = clock.now
        let findings = stalls.withLock { $0.look(at: calls, now: now) }
        for call in findings.stalled {
            events.send(.callStalled, .error, "the pipeline \"\(name)\" is stalled: \(call.timedDescription)") {
                $0.call = call
                $0.connector = call.connector
            }
        }
        for call in findings.returned {
            events.send(.callReturned, .info, "\(call), which had stalled, has returned") {
                $0.call = call
                $0.connector = call.connector
            }
        }
    }

    /// Tells which calls keep the pipeline from stopping.
    func tellOverdue(after deadline: Duration) {
        let health = health
        guard ![.stopped, .failed, .created].contains(health.status.state) else { return }
        events.send(
            .pipelineOverdue,
            .error,
            "the pipeline \"\(name)\" has not stopped within \(deadline), because of \(health.status.hanging)"
        ) {
            $0.state = health.status.state
            $0.call = health.status.calls.first { !$0.isWaiting }
        }
    }
}

extension PipelineStatus {
    /// The calls that somebody is waiting for, by name.
    var hanging: String {
        let calls = calls.filter { !$0.isWaiting }
        guard !calls.isEmpty else { return "what is in flight" }
        return calls.map { "the \($0)" }.joined(separator: " and ")
    }
}
