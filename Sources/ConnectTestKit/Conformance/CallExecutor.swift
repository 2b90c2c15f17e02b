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

    /// How many jobs there were: what tasks do from one suspension to the next.
    var jobs: Int { count.load(ordering: .relaxed) }
}
