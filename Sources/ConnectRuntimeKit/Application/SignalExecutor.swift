// SPDX-License-Identifier: Apache-2.0

import Dispatch

/// Runs what signals ask for on a thread of its own, also while something blocks every thread that tasks share.
final class SignalExecutor: TaskExecutor {
    private let queue = DispatchQueue(label: "obedience")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
