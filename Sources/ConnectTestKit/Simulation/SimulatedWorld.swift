// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Synchronization

/// The outside of a pipeline, which survives its crashes: upstream, downstream, offset store and dead letters.
///
/// It watches over the guarantees at each step. The first one that does not hold ends the simulation.
package final class SimulatedWorld: Sendable {
    /// One call on its way.
    struct Visit: Sendable {
        let call: SimulatedCall
        let number: Int
        let fault: SimulatedFault?
        let before: Pause
        let after: Pause
    }

    enum Pause: Sendable {
        case none
        case yield(Int)
        case sleep(Duration)
    }

    let plan: SimulationPlan
    let clock: SimulationClock
    private let state: Mutex<WorldState>

    init(_ plan: SimulationPlan, clock: SimulationClock) {
        self.plan = plan
        self.clock = clock
        state = Mutex(WorldState(plan))
    }

    /// Looks at the world, or changes it, from outside of any process.
    func look<Answer: Sendable>(_ body: (inout WorldState) -> Answer) -> Answer {
        let now = clock.elapsed.wholeNanoseconds
        return state.withLock { state in
            state.now = now
            return body(&state)
        }
    }

    func begin(_ call: SimulatedCall, _ refs: [RecordRef], _ process: Int, _ body: (inout WorldState) -> Void) throws
        -> Visit
    {
        try step(process) { state in
            let number = state.count(call)
            state.note(process, .began(call, number, refs), isProgress: call.isProgress)
            let fault = plan.faults.first { $0.call == call && $0.number == number }
            body(&state)
            return Visit(
                call: call,
                number: number,
                fault: fault,
                before: pause(call, number, salt: 1),
                after: pause(call, number, salt: 2)
            )
        }
    }

    func perform<Answer: Sendable>(
        _ visit: Visit,
        _ process: Int,
        _ effect: (inout WorldState, SimulatedFault?) throws -> Answer
    ) throws -> Answer {
        try step(process) { state in
            if let error = visit.fault?.throwsBefore {
                state.note(process, .threw(visit.call, visit.number, "\(error.code), nothing done"))
                throw error
            }
            do {
                let answer = try effect(&state, visit.fault)
                if visit.call != .poll {
                    state.note(process, .did(visit.call, visit.number, []), isProgress: visit.call.isProgress)
                }
                return answer
            } catch {
                state.note(process, .threw(visit.call, visit.number, "\(error)"))
                throw error
            }
        }
    }

    func answer(_ visit: Visit, _ process: Int) throws {
        guard let error = visit.fault?.throwsAfter else { return }
        try step(process) { state in
            state.note(process, .threw(visit.call, visit.number, "\(error.code), after it was done"))
            throw error
        }
    }

    func leave(_ process: Int, _ body: (inout WorldState) -> Void) {
        look { if $0.processes[process - 1].isAlive { body(&$0) } }
    }

    private func step<Answer: Sendable>(
        _ process: Int,
        _ body: (inout WorldState) throws -> Answer
    ) throws -> Answer {
        let now = clock.elapsed.wholeNanoseconds
        return try state.withLock { state in
            state.now = now
            guard state.processes[process - 1].isAlive else {
                throw ConnectorError(.fatal, "the process is dead")
            }
            return try body(&state)
        }
    }

    // MARK: Time

    func pause(_ pause: Pause) async throws {
        switch pause {
        case .none: break
        case .yield(let count): for _ in 0..<count { await Task.yield() }
        case .sleep(let duration): try await clock.sleep(for: duration)
        }
    }

    /// How long a call rests; the same for the same call, whatever else was taken out of the plan.
    private func pause(_ call: SimulatedCall, _ number: Int, salt: UInt64) -> Pause {
        let draw = plan.draw(call, number, salt)
        let microseconds = Int(draw >> 8)
        return switch plan.latency {
        case .none: .none
        case .yields: .yield(Int(draw % 4))
        case .short: draw % 4 == 0 ? .none : .sleep(.microseconds(microseconds % 400))
        case .mixed:
            switch draw % 8 {
            case 0...2: .none
            case 3, 4: .yield(Int(draw / 8 % 3) + 1)
            case 5, 6: .sleep(.microseconds(microseconds % 3000))
            default: .sleep(.milliseconds(microseconds % 400))
            }
        case .slow: .sleep(.milliseconds(microseconds % 1500))
        }
    }
}

extension SimulationPlan {
    /// A number that follows from the seed and the place where it is drawn.
    func draw(_ call: SimulatedCall, _ number: Int, _ salt: UInt64) -> UInt64 {
        let name = call.rawValue.utf8.reduce(UInt64(salt)) { $0 &* 31 &+ UInt64($1) }
        var generator = SeededGenerator(seed: seed ^ (name &* 0x9E37_79B9) ^ (UInt64(number) << 32))
        return generator.next() >> 16
    }
}
