// SPDX-License-Identifier: Apache-2.0

/// The tasks that a step of the state machine sets going again, once the lock is released.
///
/// Unchecked continuations, because this travels with every step: a checked one costs a reference count each time. The
/// state machine takes each of them out of its place when it wakes it, so that none is resumed twice.
struct Wakeups: Sendable {
    typealias Parked = UnsafeContinuation<Void, Never>

    var source: Parked?
    var committer: Parked?
    var timer: Parked?
    var pollCanceller: Parked?
    var others: [Parked]?

    mutating func add(_ task: Parked) { others = (others ?? []) + [task] }

    @inline(__always)
    func perform() {
        source?.resume()
        committer?.resume()
        timer?.resume()
        pollCanceller?.resume()
        if let others { for other in others { other.resume() } }
    }
}
