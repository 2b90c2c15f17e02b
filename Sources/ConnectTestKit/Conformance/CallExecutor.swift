// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Synchronization

/// Runs the calls of one check on one thread at a time, apart from everybody else's.
///
/// So a call that blocks its thread instead of suspending takes no thread of the process away, and is found out:
/// nothing else runs here meanwhile. And a call that spins is found out by the number of jobs that it makes.
final class CallExecutor: TaskExecutor {
    private let queue = DispatchQueue(label: "conformance")
    private let count = Atomic<Int>(0)

    func enqueue(_ job: consuming ExecutorJob) {
        count.add(1, ordering: .relaxed)
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }

    /// How many jobs are run while so many empty turns pass, each of which comes behind what was ready before it.
    ///
    /// Something that goes on and on takes a turn between any two of them, however busy the machine is; something that
    /// sleeps in between takes hardly any, because all of them take a millisecond or so.
    func jobs(amid turns: Int) async -> Int {
        let before = count.load(ordering: .relaxed)
        await withCheckedContinuation { continuation in pass(turns) { continuation.resume() } }
        return count.load(ordering: .relaxed) - before
    }

    private func pass(_ turns: Int, _ whenPassed: @escaping @Sendable () -> Void) {
        queue.async { [self] in
            if turns == 0 { whenPassed() } else { pass(turns - 1, whenPassed) }
        }
    }
}
