// SPDX-License-Identifier: Apache-2.0

/// The tasks that a step of the state machine sets going again, once the lock is released.
struct Wakeups: Sendable {
    typealias Parked = CheckedContinuation<Void, Never>

    var source: Parked?
    var sink: Parked?
    var committer: Parked?
    var timer: Parked?
    var pollCanceller: Parked?
    var others: [Parked] = []

    @inline(__always)
    func perform() {
        source?.resume()
        sink?.resume()
        committer?.resume()
        timer?.resume()
        pollCanceller?.resume()
        for other in others { other.resume() }
    }
}
