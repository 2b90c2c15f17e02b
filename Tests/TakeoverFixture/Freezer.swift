// SPDX-License-Identifier: Apache-2.0

import Synchronization

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Stops the whole process at a step, as a machine does that is suspended, until somebody sends it SIGCONT.
final class Freezer: Sendable {
    enum Step: String, Sendable { case put, flush }

    private let step: Step?
    private let count: Mutex<Int>

    /// Freezes when a step is reached for the third time.
    init(at step: Step?) {
        self.step = step
        count = Mutex(3)
    }

    func arrive(at step: Step) {
        guard step == self.step else { return }
        let isTime = count.withLock { count in
            count -= 1
            return count == 0
        }
        guard isTime else { return }
        say("frozen")
        SharedFile.isChanging.withLock { _ in _ = raise(SIGSTOP) }
    }
}

/// Prints a line that is not kept back.
func say(_ line: String) {
    print(line)
    fflush(nil)
}

func end(_ status: Int32) -> Never { exit(status) }
