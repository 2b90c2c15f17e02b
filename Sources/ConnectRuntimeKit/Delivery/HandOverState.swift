// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Whose turn it is, what is on its way, what is settled: the one state machine between a source and its sinks.
///
/// Each step is taken inside the lock and puts the tasks to wake into ``Wakeups``. A task that finds nothing to do parks
/// itself and looks again when it is woken.
struct HandOverState: Sendable {
    enum Phase: Comparable {
        /// The source is polled.
        case running
        /// The source is polled no more; what was polled is delivered and committed.
        case draining
        /// A sink failed: nothing more is put, what is committable is committed.
        case failed
        /// Nothing more is done.
        case aborted
    }

    /// What of the pipeline's make-up the state machine goes by.
    struct Traits: Sendable {
        /// Whether what is settled is committed as soon as the last commit has ended.
        var commitsPromptly = false
        /// Whether telling the source is what commits: the upstream keeps the positions, or has each record acknowledged.
        var reportsCommit = false
        /// Whether a pause of the source is used to commit before the interval has passed.
        var commitsInPauses = true
        /// Whether the source can leave out partitions that are held back.
        var canHoldBackPartitions = false
        /// Whether partitions can be taken away while a put of their records runs.
        var losesPartitions = false
        /// Whether the source's task keeps the beginnings of units.
        var gathersUnits = false
        /// Whether all sinks are given one batch before the next, so that their checkpoints belong together.
        var isInStep = false
    }

    let options: DeliveryOptions
    let traits: Traits
    let clock: ConnectorClock
    let randomness: PipelineRandomness
    private let passing = PassedByAddress()

    var ledger: Ledger
    var meter: DeliveryMeter?
    /// The traces of what was settled since the last commit was noted, where somebody is interested.
    var traces: TraceLinks?
    /// When something was committed last.
    var lastCommit: ConnectorClock.Instant?
    var desks: [SinkDesk]
    var shipments = ShipmentTable()
    var letters = LetterBox()
    var failures: FailureWindow
    /// How many records are settled in part.
    var halfRecords = 0
    /// Batches that wait until all sinks are done with the one before.
    var backlog = Backlog()
    /// What waits until records that failed before the sinks are in the dead letters, and how many those are.
    var withheld = LoadQueue()
    var awaitedLetters = 0
    var phase = Phase.running
    var firstError: (any Error)?

    // The source's side.
    var isPolling = false
    /// Nothing is polled until somebody has it go on.
    var isPaused = false
    /// Whether the poll failed and is made again later.
    var isPollPaused = false
    var pollNumber: UInt64 = 0
    var rate: RateControl?
    var hasSourceEnded = false
    /// The size of the buffer that the newest record was cut from, in bytes: less room than that is none.
    var newestBuffer = 0
    /// The beginnings of units, which the source's task keeps until they are whole.
    var gathered = Charge()
    var isUncommittedTooLong = false
    var hasReportedOpenUnit = false
    /// What the source's task is putting, where that is numbered before it is put.
    var inlineTicket = Ticket()
    /// What the source's task is putting, where it is not under the lease.
    var inlineRecords: [ConnectorRecord] = []
    var inlineProgress: [RecordPosition] = []
    var inlineIsQuiet = false
    /// A batch was settled behind which the source expects nothing for a while.
    var isQuietPending = false
    /// What was polled and is not accepted, where partitions can be taken away of it; `nil` where nobody needs to ask.
    var unaccepted: UnacceptedBatch?
    /// Partitions that were taken away since the source's task last looked.
    var closedPartitions: [RecordPartition] = []
    /// The newest put that failed and is made again, until somebody tells of it.
    private var retryNotice: PutRetry?
    /// Nothing more is put; said once, it stays so.
    var hasDelivered = false
    /// The partitions that the source was told last to leave out.
    var toldHeldBack: [RecordPartition] = []
    /// The same, as the request of the running poll says it.
    var holds: HeldBackPartitions?
    /// Those that it was told with the running poll, and that are held back all the while.
    var heldBackAtPoll: Set<RecordPartition> = []
    var parkedHoldTeller: Wakeups.Parked?
    /// Records of a partition that was held back came all the same.
    var hasIgnoredHold = false

    // The commit's side.
    var isCommitDue = false
    var isCommitting = false
    /// The commit that was begun for the source's task.
    var inlineCommit: CommitJob?
    /// What the source's task does of a commit.
    var inlineStage: CommitJob.Stage?
    /// A commit of which the source's task could not bring a call to success.
    var leftCommit: CommitJob?
    var commitPace = CommitPace()
    var hasSinkEnded = false
    var commitNumber: UInt64 = 0
    /// What the checkpoints of the sinks cover, while more than that is settled or put.
    var seal: CommitSet?
    var sealNumber: UInt64 = 0
    var committedSeal: UInt64?
    /// Whether the source has not taken note of the last commit.
    var isReportOwed = false
    /// The failed attempts to tell the source, and when to try again.
    var reportFailures = 0
    var reportDue: ConnectorClock.Instant?
    /// The instants that somebody waits for, because a put is due then; the next one is the last.
    var armedDues: [ConnectorClock.Instant] = []
    /// The sinks' places that belong to what is sealed, or to all that is settled.
    var checkpoints: [String: SinkCheckpoint] = [:]

    var parked = Wakeups()
    /// Writes dead letters.
    var parkedLetters: Wakeups.Parked?
    /// Sleeps until a put is due again.
    var parkedDueTimer: Wakeups.Parked?
    /// Waiting until something about named partitions has changed.
    var watchers: [Wakeups.Parked] = []

    init(
        options: DeliveryOptions,
        traits: Traits,
        ledger: Ledger,
        desks: [SinkDesk],
        clock: ConnectorClock,
        randomness: PipelineRandomness
    ) {
        self.options = options
        self.traits = traits
        self.ledger = ledger
        self.desks = desks
        self.clock = clock
        self.randomness = randomness
        failures = FailureWindow(options.onError.limit)
        rate = options.rateLimit.map { RateControl(gate: RateGate($0, at: clock.now)) }
    }

    /// Takes over what the source's task did under its lease.
    @inline(__always)
    mutating func note(_ ending: TurnLease.Ending, _ lease: TurnLease) {
        switch ending {
        case .wasNone:
            break
        case .ended(let partition, let sums):
            ledger.settleRun(of: partition, sums)
            pollNumber &+= UInt64(sums.batches)
            desks[0].accepted += sums.records
            meterLease(lease)
        case .endsAfterPut:
            isPolling = false
            desks[0].runningPuts = 1
        }
    }

    /// Whether nothing is on its way to the sinks.
    var isIdle: Bool {
        guard shipments.isEmpty, backlog.isEmpty else { return false }
        for sink in desks.indices where !desks[sink].isIdle { return false }
        return true
    }

    // One step may have several reasons to wake a task: a task that is to be woken already must not be forgotten.

    @inline(__always)
    mutating func wakeSource(_ wake: inout Wakeups) { if let task = parked.source.take() { wake.source = task } }
    @inline(__always)
    mutating func wakeCommitter(_ wake: inout Wakeups) {
        if let task = parked.committer.take() { wake.committer = task }
    }
    @inline(__always)
    mutating func wakeTimer(_ wake: inout Wakeups) { if let task = parked.timer.take() { wake.timer = task } }
    mutating func wakeLetters(_ wake: inout Wakeups) { if let task = parkedLetters.take() { wake.add(task) } }
    mutating func wakeHoldTeller(_ wake: inout Wakeups) {
        guard isPolling, !toldHeldBack.isEmpty, let task = parkedHoldTeller.take() else { return }
        wake.add(task)
    }
    mutating func wakeDueTimer(_ wake: inout Wakeups) { if let task = parkedDueTimer.take() { wake.add(task) } }
    @inline(__always)
    mutating func wakeWatchers(_ wake: inout Wakeups) {
        guard !watchers.isEmpty else { return }
        wake.others = (wake.others ?? []) + watchers
        watchers = []
    }

    /// Has the tasks of a sink look for a put.
    @inline(__always)
    mutating func wakeSink(_ sink: Int, _ wake: inout Wakeups) {
        guard !desks[sink].parked.isEmpty else { return }
        wake.others = (wake.others ?? []) + desks[sink].parked
        desks[sink].parked = []
    }

    mutating func wakeAll(_ wake: inout Wakeups) {
        wakeSource(&wake)
        for sink in desks.indices {
            wakeSink(sink, &wake)
            if let task = desks[sink].parkedFlush.take() { wake.add(task) }
        }
        wakeCommitter(&wake)
        wakeTimer(&wake)
        wakeLetters(&wake)
        wakeDueTimer(&wake)
        wakeWatchers(&wake)
        if let task = parked.pollCanceller.take() { wake.pollCanceller = task }
        if let task = parkedHoldTeller.take() { wake.add(task) }
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

    mutating func noteRetry(_ error: ConnectorError, attempt: Int, delay: Duration) {
        retryNotice = PutRetry(error: error, attempt: attempt, delay: delay)
    }

    mutating func takeRetry() -> PutRetry? { retryNotice.take() }

    /// Nothing more will be put: the committer does its last commit.
    mutating func endSinks(_ wake: inout Wakeups) {
        hasSinkEnded = true
        wakeAll(&wake)
    }
}
