// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The one mutual exclusion of the library: a state machine takes a step inside it and is acted upon outside.
///
/// It is a type of its own because the thread sanitizer does not see `Mutex` on Linux: a sanitized build can put a
/// pthread mutex in its place.
struct Lock<State: Sendable>: ~Copyable, Sendable {
    private let mutex: Mutex<State>

    init(_ state: State) {
        mutex = Mutex(state)
    }

    @inline(__always)
    borrowing func withLock<Result: Sendable, Failure: Error>(
        _ step: (inout State) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try mutex.withLock { state throws(Failure) in try step(&state) }
    }
}
