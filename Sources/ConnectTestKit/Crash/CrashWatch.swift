// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Synchronization

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Waits for the moment of a run, and kills it then.
///
/// It has a thread of its own: tests that keep Swift's pool busy must not make it late.
final class CrashWatch: Sendable {
    /// What was seen of a run.
    struct Seen {
        var phase: CrashReport.Phase { outputs.phase }
        /// When the run was first seen to have written.
        var startup: Duration?
        /// When the run was last seen alive.
        var lifetime = Duration.zero
        /// Whether the moment came before the process was seen to have ended.
        var hasKilled = false
        fileprivate var outputs: OutputWatch
    }

    private let child: ChildProcess
    private let moment: CrashMoment
    private let start = ContinuousClock.now
    private let seen: Mutex<Seen>

    /// Begins to watch.
    ///
    /// - Parameter outputs: as they were before the run.
    init(_ child: ChildProcess, _ moment: CrashMoment, _ outputs: OutputWatch) {
        self.child = child
        self.moment = moment
        seen = Mutex(Seen(outputs: outputs))
        DispatchQueue(label: "crash watch").async { self.run() }
    }

    private func run() {
        while child.exit == nil {
            if look() { child.send(SIGKILL) }
            usleep(500)
        }
    }

    /// Whether it is now.
    private func look() -> Bool {
        seen.withLock { seen in
            seen.outputs.look()
            let elapsed = ContinuousClock.now - start
            seen.lifetime = elapsed
            if seen.startup == nil, seen.phase == .writing { seen.startup = elapsed }
            let isNow =
                switch moment {
                case .after(let delay): elapsed >= delay
                case .grown(let count): seen.outputs.growth >= count
                case .never: false
                }
            if isNow { seen.hasKilled = true }
            return isNow
        }
    }

    /// What was seen of a run that has ended.
    func end() -> Seen {
        seen.withLock { seen in
            seen.outputs.look()
            return seen
        }
    }
}
