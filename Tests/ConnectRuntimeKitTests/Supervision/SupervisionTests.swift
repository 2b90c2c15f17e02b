// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Testing

@testable import ConnectRuntimeKit

@Suite("Supervision: the states of a pipeline")
struct SupervisionTests {
    private let clock: ManualClock
    private let time: ConnectorClock
    private var now: ConnectorClock.Instant { time.now }

    init() {
        clock = ManualClock()
        time = clock.connectorClock
    }

    private let broken = ConnectorError(.fatal, "broken")

    private func supervision(
        _ wish: Supervision.Wish = .run,
        _ policy: RestartPolicy = RestartPolicy(firstDelay: .seconds(1), maxDelay: .seconds(4), maxRestarts: 3),
        isStandby: Bool = false
    ) -> Supervision {
        Supervision(wish, policy, isStandby: isStandby)
    }

    /// One that runs.
    private func running(_ policy: RestartPolicy = RestartPolicy()) -> Supervision {
        var supervision = supervision(.run, policy)
        #expect(supervision.next(at: now) == .run)
        #expect(supervision.order() == nil)
        supervision.note(.starting, at: now)
        supervision.note(.running, at: now)
        return supervision
    }

    @Test("S31 S94 a pipeline that is added paused or stopped is not started before it is resumed")
    func initialStates() throws {
        for (wish, state) in [(Supervision.Wish.pause, PipelineState.paused), (.stop, .stopped)] {
            var supervision = supervision(wish)
            #expect(supervision.state == state)
            #expect(supervision.next(at: now) == .wait(until: nil))
            try supervision.resume()
            #expect(supervision.next(at: now) == .run)
        }
    }

    @Test("S99 a pipeline that fails again and again waits longer and longer, up to the limit, and then has failed")
    func backsOff() {
        var supervision = supervision()
        for delay in [1, 2, 4] {
            #expect(supervision.next(at: now) == .run)
            #expect(supervision.ended(broken, at: now, .longest) == .seconds(delay))
            #expect(supervision.state == .restarting)
            let due = now.advanced(by: .seconds(delay))
            #expect(supervision.next(at: now) == .wait(until: due))
            clock.advance(by: .seconds(delay))
        }
        #expect(supervision.next(at: now) == .run)
        #expect(supervision.restarts == 3)
        #expect(supervision.ended(broken, at: now, .longest) == nil)
        #expect(supervision.state == .failed && supervision.isDone)
        #expect(supervision.next(at: now) == .wait(until: nil))
    }

    @Test("S99 a pipeline that was healthy for long, and one that is restarted by hand, has all its restarts again")
    func forgetsFailures() {
        let policy = RestartPolicy(
            firstDelay: .seconds(1),
            maxDelay: .seconds(100),
            maxRestarts: 1,
            healthyAfter: .seconds(60)
        )
        var supervision = supervision(.run, policy)
        for healthy in [true, true, false] {
            #expect(supervision.next(at: now) == .run)
            supervision.note(.running, at: now)
            clock.advance(by: .seconds(healthy ? 60 : 59))
            let delay = supervision.ended(broken, at: now, .longest)
            #expect(delay == (healthy ? .seconds(1) : nil))
            clock.advance(by: .seconds(1))
        }
        #expect(supervision.state == .failed)
        supervision.restart()
        #expect(supervision.next(at: now) == .run)
        #expect(supervision.ended(broken, at: now, .longest) == .seconds(1))
    }

    @Test("S99 a run that says it was cancelled, though nobody has, has failed", arguments: [true, false])
    func cancelled(isCancelled: Bool) {
        var supervision = running()
        let error = ConnectorError(.cancelled, "the poll gave up")
        let delay = supervision.ended(error, at: now, .longest, isCancelled: isCancelled)
        #expect((delay == nil) == isCancelled)
        #expect(supervision.state == (isCancelled ? .stopped : .restarting))
    }

    @Test("a pipeline that fails while it is asked to stop is stopped, and one that is to pause is paused")
    func failsWhenAsked() throws {
        var stopped = running()
        stopped.stop()
        #expect(stopped.ended(broken, at: now, .longest) == nil)
        #expect(stopped.state == .stopped)
        var paused = running()
        try paused.pause()
        #expect(!paused.isPausedAfterFailure)
        #expect(paused.ended(broken, at: now, .longest) == nil)
        #expect(paused.state == .paused && paused.isPausedAfterFailure)
        try paused.resume()
        #expect(paused.next(at: now) == .run && !paused.isPausedAfterFailure)
    }

    @Test("a pipeline that is paused is healthy, unless its newest run has failed", arguments: [false, true])
    func healthOfPaused(hasFailed: Bool) {
        let health = PipelineHealth(
            pipeline: "p",
            status: PipelineStatus(state: .paused, counts: DeliveryCounts(), calls: []),
            stalledCalls: [],
            restarts: 1,
            lastError: broken,
            isPausedAfterFailure: hasFailed
        )
        #expect(health.level == (hasFailed ? .unhealthy : .healthy))
        #expect((health.problem?.contains("is paused") ?? false) == hasFailed)
    }

    @Test("time that a pipeline spends starting is not healthy")
    func startingIsNotHealthy() {
        var supervision = supervision(
            .run,
            RestartPolicy(firstDelay: .seconds(1), maxRestarts: 1, healthyAfter: .seconds(1))
        )
        #expect(supervision.next(at: now) == .run)
        supervision.note(.starting, at: now)
        clock.advance(by: .seconds(100))
        #expect(supervision.ended(broken, at: now, .longest) != nil)
        clock.advance(by: .seconds(100))
        #expect(supervision.next(at: now) == .run)
        clock.advance(by: .seconds(100))
        #expect(supervision.ended(broken, at: now, .longest) == nil)
    }

    @Test(
        "what will not change by itself is not tried again; a standby that was fenced waits for its turn",
        arguments: [
            (ConnectorError.Code.invalidConfiguration, false, false), (.corruptOffsets, false, false),
            (.fenced, false, false), (.fenced, true, true), (.fatal, false, true), (.retryable, false, true),
            (.notConnected, false, true), (.invalidRecord, false, true), (.deadlineExceeded, false, true),
        ]
    )
    func restartable(code: ConnectorError.Code, isStandby: Bool, isRestarted: Bool) {
        var supervision = supervision(isStandby: isStandby)
        _ = supervision.next(at: now)
        let delay = supervision.ended(ConnectorError(code, "x"), at: now, .longest)
        #expect((delay != nil) == isRestarted)
        #expect(supervision.state == (isRestarted ? .restarting : .failed))
    }

    @Test("S86 asking for what is so already changes nothing")
    func isIdempotent() throws {
        var supervision = running()
        try supervision.resume()
        #expect(supervision.order() == nil)
        #expect(supervision.state == .running)
        try supervision.pause()
        #expect(supervision.order() == .pause)
        supervision.noteAtRest()
        #expect(supervision.state == .paused)
        try supervision.pause()
        #expect(supervision.order() == nil)
        #expect(supervision.state == .paused)
        supervision.noteAtRest()
        supervision.stop()
        #expect(supervision.order() == .stop)
        supervision.stop()
        #expect(supervision.order() == nil)
        #expect(supervision.ended(nil, at: now, .longest) == nil)
        supervision.stop()
        #expect(supervision.state == .stopped)
        #expect(supervision.next(at: now) == .wait(until: nil))
        #expect(!supervision.isDone, "it may be resumed")
    }

    @Test("S87 a pipeline that has failed can be stopped or restarted, and says so to everything else")
    func failedIsFinal() throws {
        var supervision = running(.never)
        #expect(supervision.ended(broken, at: now, .longest) == nil)
        #expect(supervision.state == .failed && supervision.lastError?.message == "broken")
        let pause = #expect(throws: ConnectorError.self) { try supervision.pause() }
        let resume = #expect(throws: ConnectorError.self) { try supervision.resume() }
        for error in [pause, resume] { #expect(error?.message.contains("restart it") == true) }
        var stopped = supervision
        stopped.stop()
        #expect(stopped.state == .stopped)
        supervision.restart()
        #expect(supervision.next(at: now) == .run)
    }

    @Test("a pause that is over before everything is at rest never shows as paused")
    func pauseIsTakenBack() throws {
        var supervision = running()
        try supervision.pause()
        #expect(supervision.order() == .pause)
        try supervision.resume()
        #expect(supervision.order() == .resume)
        supervision.noteAtRest()
        #expect(supervision.state == .running)
    }

    @Test(
        "a restart of a running pipeline stops it and runs it again at once, however the run ends",
        arguments: [true, false]
    )
    func restartsRunning(fails: Bool) {
        var supervision = running(.never)
        supervision.restart()
        #expect(supervision.order() == .stop)
        supervision.note(.draining, at: now)
        #expect(supervision.ended(fails ? broken : nil, at: now, .longest) == nil)
        #expect(supervision.next(at: now) == .run)
        #expect(supervision.restarts == 0)
    }

    @Test("a restart that comes while a run ends by itself is not lost")
    func restartAtTheEnd() {
        var supervision = running()
        supervision.restart()
        // Nobody has passed the order on.
        #expect(supervision.ended(nil, at: now, .longest) == nil)
        #expect(!supervision.isDone)
        #expect(supervision.next(at: now) == .run)
    }

    @Test("S35 what fails after a stop was asked for is no failure")
    func failsWhileStopping() {
        var supervision = running()
        supervision.stop()
        #expect(supervision.order() == .stop)
        #expect(supervision.ended(ConnectorError(.deadlineExceeded, "late"), at: now, .longest) == nil)
        #expect(supervision.state == .stopped && supervision.lastError?.code == .deadlineExceeded)
    }

    @Test("a pipeline whose source has come to its end is done, until somebody resumes it")
    func completes() throws {
        var supervision = running()
        #expect(supervision.ended(nil, at: now, .longest) == nil)
        #expect(supervision.state == .stopped && supervision.isDone)
        #expect(supervision.next(at: now) == .wait(until: nil))
        try supervision.resume()
        #expect(!supervision.isDone)
        #expect(supervision.next(at: now) == .run)
    }

    @Test("a pause or a stop ends the wait for a restart")
    func endsBackOff() throws {
        for isStop in [true, false] {
            var supervision = supervision()
            _ = supervision.next(at: now)
            #expect(supervision.ended(broken, at: now, .longest) != nil)
            if isStop { supervision.stop() } else { try supervision.pause() }
            #expect(supervision.state == (isStop ? .stopped : .paused))
            #expect(supervision.next(at: now) == .wait(until: nil))
        }
    }

    @Test("closing stops the run and lets none begin")
    func closes() {
        var supervision = running()
        supervision.close()
        #expect(supervision.order() == .stop)
        #expect(supervision.ended(broken, at: now, .longest) == nil)
        #expect(supervision.next(at: now) == .end)
        #expect(supervision.state == .stopped)
    }

    @Test("S95 offsets are edited while nothing runs, and nothing runs while they are")
    func editing() {
        var supervision = running()
        #expect(supervision.beginEditing() == false)
        supervision.stop()
        _ = supervision.order()
        _ = supervision.ended(nil, at: now, .longest)
        #expect(supervision.beginEditing() == true)
        #expect(supervision.beginEditing() == false)
        supervision.restart()
        #expect(supervision.next(at: now) == .wait(until: nil))
        supervision.endEditing()
        #expect(supervision.next(at: now) == .run)
    }
}
