// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Synchronization

/// A clock on which each sleep is the next step of a script: what happens in the world while the source waits.
///
/// Nothing runs at the same time as anything else, so a test needs no gates.
final class ScriptedClock: Clock {
    struct End: Error {}

    typealias Step = @Sendable () throws -> Void

    private let state: Mutex<(steps: ArraySlice<Step>, now: ContinuousClock.Instant)>

    init(_ steps: [Step]) { state = Mutex((steps[...], .now)) }

    var now: ContinuousClock.Instant { state.withLock { $0.now } }
    var minimumResolution: Duration { .nanoseconds(1) }

    func sleep(until deadline: ContinuousClock.Instant, tolerance: Duration?) async throws {
        let next = state.withLock { state in
            state.now = max(state.now, deadline)
            return state.steps.popFirst()
        }
        guard let step = next else { throw End() }
        try step()
    }
}
