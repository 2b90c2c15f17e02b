// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// One life of the process that runs the pipeline: its connectors know the world only through it.
package final class SimulatedProcess: Sendable {
    private struct State {
        var isDead = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    package let number: Int
    let world: SimulatedWorld
    private let state = Mutex(State())

    init(number: Int, world: SimulatedWorld) {
        self.number = number
        self.world = world
    }

    /// Ends the process between two of its steps: from now on nothing it does has an effect.
    func kill() {
        let waiter = state.withLock { state in
            state.isDead = true
            return state.waiter.take()
        }
        waiter?.resume()
    }

    /// Returns when the process is killed, or the task cancelled.
    func death() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.isDead || Task.isCancelled { return true }
                    state.waiter = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiter.take() }?.resume()
        }
    }
}

extension SimulatedProcess {
    /// Makes a call into the world: it may take its time, fail, or lose its answer, as the plan says.
    func perform<Answer: Sendable>(
        _ call: SimulatedCall,
        _ refs: [RecordRef] = [],
        begin: (inout WorldState) -> Void = { _ in },
        end: (inout WorldState) -> Void = { _ in },
        _ effect: (inout WorldState, SimulatedFault?) throws -> Answer
    ) async throws -> Answer {
        let visit = try world.begin(call, refs, number, begin)
        defer { world.leave(number, end) }
        try await world.pause(visit.before)
        if let delay = visit.fault?.delay { try await world.clock.sleep(for: delay) }
        let answer = try world.perform(visit, number, effect)
        try await world.pause(visit.after)
        try world.answer(visit, number)
        return answer
    }
}
