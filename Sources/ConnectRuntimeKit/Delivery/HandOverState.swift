// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Whose turn it is, what is queued, what is settled: the one state machine between a source and a sink.
///
/// Each step is taken inside the lock and puts the tasks to wake into ``Wakeups``. A task that finds nothing to do parks
/// itself and looks again when it is woken.
struct HandOverState: Sendable {
    /// Who has the sink: a put and a flush are never together.
    enum Turn { case free, putting, flushing }

    /// How far a commit has come.
    enum CommitStage { case none, flushing, storing, reporting }

    enum Phase: Comparable {
        /// The source is polled.
        case running
        /// The source is polled no more; what was polled is delivered and committed.
        case draining
        /// The sink failed: nothing more is put, what is committable is committed.
        case failed
        /// Nothing more is done.
        case aborted
    }

    let options: DeliveryOptions
    /// Whether settled records are reported as soon as the last report has ended.
    let commitsPromptly: Bool
    /// Whether a pause of the source is used to commit before the interval has passed.
    let commitsInPauses: Bool

    var ledger: Ledger
    var phase = Phase.running
    var firstError: (any Error)?
    var turn = Turn.free
    var queue = BatchQueue()
    var pace = PutPace()

    // The source's side.
    var isPolling = false
    var pollNumber: UInt64 = 0
    var hasSourceEnded = false
    var isUncommittedTooLong = false
    var hasReportedOpenUnit = false
    /// What the source's task is putting.
    var inlineTicket = Ticket()
    var isInlinePutQuiet = false

    // The commit's side.
    var isCommitDue = false
    var isCommitting = false
    var isTurnWanted = false
    var hasSinkEnded = false
    var commitNumber: UInt64 = 0
    /// The sink's place after the newest put that left no unit open.
    var checkpoint: SinkCheckpoint?
    /// What that checkpoint covers, while a later put has left a unit open.
    var seal: CommitSet?
    var sealNumber: UInt64 = 0
    var committedSeal: UInt64?
    /// What the committer is doing, for the one who asks what hangs.
    var commitStage = CommitStage.none

    var parked = Wakeups()
    /// Waiting until something about named partitions has changed.
    var watchers: [Wakeups.Parked] = []

    init(options: DeliveryOptions, commitsPromptly: Bool, commitsInPauses: Bool, ledger: Ledger) {
        self.commitsInPauses = commitsInPauses
        self.options = options
        self.commitsPromptly = commitsPromptly
        self.ledger = ledger
    }

    /// Takes over what the source's task did under its lease.
    @inline(__always)
    mutating func note(_ ending: TurnLease.Ending) {
        switch ending {
        case .wasNone:
            break
        case .ended(let partition, let sums):
            ledger.settleRun(of: partition, sums)
            pollNumber &+= UInt64(sums.batches)
        case .endsAfterPut:
            isPolling = false
            turn = .putting
        }
    }

    // One step may have several reasons to wake a task: a task that is to be woken already must not be forgotten.

    @inline(__always)
    mutating func wakeSource(_ wake: inout Wakeups) { if let task = parked.source.take() { wake.source = task } }
    @inline(__always)
    mutating func wakeSink(_ wake: inout Wakeups) { if let task = parked.sink.take() { wake.sink = task } }
    @inline(__always)
    mutating func wakeCommitter(_ wake: inout Wakeups) {
        if let task = parked.committer.take() { wake.committer = task }
    }
    @inline(__always)
    mutating func wakeTimer(_ wake: inout Wakeups) { if let task = parked.timer.take() { wake.timer = task } }
    @inline(__always)
    mutating func wakeWatchers(_ wake: inout Wakeups) {
        guard !watchers.isEmpty else { return }
        wake.others = (wake.others ?? []) + watchers
        watchers = []
    }

    mutating func wakeAll(_ wake: inout Wakeups) {
        wakeSource(&wake)
        wakeSink(&wake)
        wakeCommitter(&wake)
        wakeTimer(&wake)
        wakeWatchers(&wake)
        if let task = parked.pollCanceller.take() { wake.pollCanceller = task }
    }

    mutating func fail(_ error: any Error, sinkIsUsable: Bool, _ wake: inout Wakeups) {
        if firstError == nil, phase != .aborted { firstError = error }
        phase = max(phase, sinkIsUsable ? .draining : .failed)
        wakeAll(&wake)
    }

    mutating func drain(_ wake: inout Wakeups) {
        phase = max(phase, .draining)
        wakeAll(&wake)
    }

    mutating func abort(_ wake: inout Wakeups) {
        phase = .aborted
        wakeAll(&wake)
    }

    /// Nothing more will be committed: whoever still waits is let go.
    mutating func endCommits(_ wake: inout Wakeups) {
        hasSinkEnded = true
        wakeAll(&wake)
    }
}
