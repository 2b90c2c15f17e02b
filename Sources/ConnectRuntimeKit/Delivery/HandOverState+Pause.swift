// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension HandOverState {
    /// Lets polling rest; what was polled is delivered and committed. A suspended poll is not cancelled: what it
    /// returns is kept until polling goes on.
    mutating func pause(_ wake: inout Wakeups) {
        isPaused = true
        if isIdle, canCommit { demandCommit(&wake) }
        // What is gathered for a larger batch has nothing to wait for any more.
        for sink in desks.indices { wakeSink(sink, &wake) }
        wakeWatchers(&wake)
    }

    /// Lets polling go on.
    mutating func resume(_ wake: inout Wakeups) {
        isPaused = false
        wakeSource(&wake)
        wakeWatchers(&wake)
    }

    /// Whether the source's task keeps what it has, because polling rests. A stop ends that: what was polled is delivered.
    var holdsBatches: Bool { isPaused && phase == .running }

    /// Whether everything is delivered and committed that was polled before the pause.
    var isAtRest: Bool { isPaused && isIdle && !isCommitting && !canCommit }

    /// Commits in a pause as soon as everything is delivered.
    @inline(__always)
    mutating func commitInPause(_ wake: inout Wakeups) {
        if isPaused, isIdle, canCommit { demandCommit(&wake) }
    }
}
