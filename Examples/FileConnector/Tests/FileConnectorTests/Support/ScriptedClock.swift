// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Synchronization

/// A clock on which each sleep is the next step of a script: what happens in the world while the source waits.
///
/// Nothing runs at the same time as anything else, so a test needs no gates.
final class ScriptedClock: Clock {
    struct End: Error {}

    typealias Step = @Sendable () throws -> Void

    private let steps: Mutex<ArraySlice<Step>>
    private let beginning = ContinuousClock.now

    init(_ steps: [Step]) { self.steps = Mutex(steps[...]) }

    var now: ContinuousClock.Instant { beginning }
    var minimumResolution: Duration { .nanoseconds(1) }

    func sleep(until deadline: ContinuousClock.Instant, tolerance: Duration?) async throws {
        guard let step = steps.withLock({ $0.popFirst() }) else { throw End() }
        try step()
    }
}
