// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Synchronization

/// Runs concurrent code on one thread, in an order that a seed decides: the same seed, the same run.
///
/// Everything that is ready to go on waits in a list, and the next one is chosen at random. So every order in which the
/// awaits of a program can interleave is possible, and each can be had again. What sleeps on ``clock`` is woken when
/// nothing else is left to do: no time is lost by it.
///
/// ```swift
/// let executor = SimulationExecutor(seed: 7)
/// let isDone = executor.run { await work(executor.clock.connectorClock) }
/// ```
///
/// Child tasks, default actors and `@concurrent` functions that are reached from the body all run here. Code that is
/// woken by another thread, or that asks another clock or an unseeded generator, is not reproducible.
public final class SimulationExecutor: TaskExecutor {
    private struct State {
        var ready: [UnownedJob] = []
        var generator: SeededGenerator
        var isDone = false
    }

    private let state: Mutex<State>
    /// The time in the simulation.
    public let clock = SimulationClock()
    /// How far the clock may go on while others are ready to run: so timers fire in the middle of work, too.
    private let drift: Duration

    /// An executor whose every choice follows from the seed.
    ///
    /// - Parameters:
    ///   - seed: decides the order.
    ///   - drift: how far the clock goes on, at most, at one of the moments chosen for it, while there is
    ///   something ready to run.
    public init(seed: UInt64, drift: Duration = .zero) {
        state = Mutex(State(generator: SeededGenerator(seed: seed)))
        self.drift = drift
    }

    /// Puts a job into the list of those that are ready; called by the concurrency runtime.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { $0.ready.append(job) }
    }

    /// Runs the body to its end on the calling thread.
    ///
    /// - Parameters:
    ///   - beforeEachJob: called with the number of each job, counted from 0, before it is run. A job is what a task
    ///     does from one suspension to the next.
    ///   - onStall: called when nothing is ready and nobody sleeps: everything waits for something that does not
    ///     come. Returns whether it changed that.
    ///   - body: what is simulated.
    /// - Returns: whether the body has returned. What hangs for ever is abandoned with all it holds.
    public func run(
        beforeEachJob: (Int) -> Void = { _ in },
        onStall: () -> Bool = { false },
        _ body: @escaping @Sendable () async -> Void
    ) -> Bool {
        begin(body)
        var number = 0
        while true {
            beforeEachJob(number)
            number += 1
            if let job = nextJob() {
                job.runSynchronously(on: asUnownedTaskExecutor())
            } else if state.withLock(\.isDone) {
                return true
            } else if !clock.advanceToNextSleeper(), !onStall() {
                return false
            }
        }
    }

    /// The one task without a parent: a child could not be abandoned, and a body that never returns has to be.
    private func begin(_ body: @escaping @Sendable () async -> Void) {
        let operation: @Sendable () async -> Void = { [self] in
            await body()
            state.withLock { $0.isDone = true }
        }
        _ = Task(executorPreference: self, operation: operation)
    }

    private func nextJob() -> UnownedJob? {
        if drift > .zero, let step = drawDrift() { clock.advance(by: step) }
        return state.withLock { state in
            guard !state.ready.isEmpty else { return nil }
            let index = Int.random(in: 0..<state.ready.count, using: &state.generator)
            state.ready.swapAt(index, state.ready.count - 1)
            return state.ready.removeLast()
        }
    }

    private func drawDrift() -> Duration? {
        state.withLock { state in
            guard !state.ready.isEmpty, state.generator.next() % 4 == 0 else { return nil }
            return .nanoseconds(Int64.random(in: 0...drift.wholeNanoseconds, using: &state.generator))
        }
    }
}
