// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import OpenConnect

/// What is true in the simulated world at a moment, and what is known of each process.
struct WorldState {
    let plan: SimulationPlan
    var now: Int64 = 0
    var lastEvent: Int64 = 0
    var history: [SimulationEvent] = []
    var violation: SimulationViolation?
    var processes: [ProcessState] = []
    var upstream: UpstreamState
    var store = StoreState()
    var sinks: [SinkState]
    /// What is safe in the dead letters: records for one sink, or entries for all where a function failed.
    var letters: Set<LetterKey> = []
    /// What was rejected at least once, or failed as often as it may be tried.
    var rejected: Set<LetterKey> = []
    private var calls: [SimulatedCall: Int] = [:]

    init(_ plan: SimulationPlan) {
        self.plan = plan
        upstream = UpstreamState(plan)
        sinks = plan.sinks.map { SinkState(kind: $0.kind) }
    }

    mutating func count(_ call: SimulatedCall) -> Int {
        let number = calls[call, default: 0]
        calls[call] = number + 1
        return number
    }

    mutating func note(_ process: Int, _ kind: SimulationEvent.Kind, isProgress: Bool = true) {
        if isProgress { lastEvent = now }
        history.append(SimulationEvent(nanoseconds: now, process: process, kind: kind))
    }

    /// Notes the first guarantee that does not hold; what follows from it is of no interest.
    mutating func violate(_ guarantee: String, _ message: String) {
        guard violation == nil else { return }
        violation = SimulationViolation(guarantee: guarantee, message: message)
        note(0, .note("VIOLATION \(guarantee): \(message)"))
    }

    func entry(_ ref: RecordRef) -> SimulationPlan.Entry { plan.partitions[ref.partition][ref.number] }

    // MARK: Processes

    mutating func beginProcess() -> Int {
        processes.append(ProcessState(number: processes.count + 1, plan))
        note(processes.count, .note("process begins"))
        return processes.count
    }

    /// Ends a process; what it had not made durable survives in part, or not at all.
    mutating func endProcess(_ number: Int, _ reason: String) {
        guard processes[number - 1].isAlive else { return }
        note(number, .note(reason))
        for sink in sinks.indices { loseUnflushed(sink, of: number) }
        processes[number - 1].isAlive = false
        upstream.takeBack(from: number)
    }

    var newestAlive: Int? { processes.last { $0.isAlive }?.number }

    // MARK: What is safe

    /// Whether a record needs to be read no more.
    func isSafe(_ ref: RecordRef) -> Bool {
        if isSafeBeforeSinks(ref) { return true }
        return sinksMeant(for: ref).allSatisfy { sink in parts(of: ref).allSatisfy { isSafe($0, in: sink) } }
    }

    /// Whether an entry has nothing for any sink.
    func isSafeBeforeSinks(_ ref: RecordRef) -> Bool {
        let entry = entry(ref)
        return entry.isMark || entry.fate == .filter || isGivenUp(LetterKey(ref: ref.entry, sink: nil))
    }

    /// Whether a record is not in a sink because nobody could use it there.
    func isGone(_ part: RecordRef, in sink: Int) -> Bool {
        sinks[sink].dropped.contains(part) || isGivenUp(LetterKey(ref: part, sink: sink))
    }

    /// Whether a record that became of an entry needs to be put into a sink no more.
    func isSafe(_ part: RecordRef, in sink: Int) -> Bool {
        sinks[sink].durable[part, default: 0] > 0 || sinks[sink].dropped.contains(part)
            || isGivenUp(LetterKey(ref: part, sink: sink))
    }

    /// Whether what nobody could use is in the dead letters, or was dropped where that is wanted.
    private func isGivenUp(_ key: LetterKey) -> Bool {
        letters.contains(key) || plan.dropsBadRecords && rejected.contains(key)
    }

    /// The sinks that an entry is meant for.
    func sinksMeant(for ref: RecordRef) -> [Int] { entry(ref).route ?? Array(sinks.indices) }

    /// The records that become of an entry.
    func parts(of ref: RecordRef) -> [RecordRef] {
        (0..<entry(ref).parts).map { RecordRef(partition: ref.partition, number: ref.number, part: $0) }
    }

    /// The number of the newest committed entry of a partition, where its position is kept; -1 for none.
    func committed(_ partition: Int) -> Int {
        if let keeper = sinks.first(where: { $0.kind == .positionKeeping }) { return keeper.committed(partition) }
        switch plan.source {
        case .log, .pruning, .storedGroup: return store.committed(partition)
        case .upstreamKept, .group: return upstream.committed[partition]
        case .queue: return -1
        }
    }

    /// Whether everything is delivered, and committed or acknowledged.
    var isComplete: Bool {
        if plan.source == .queue { return upstream.isDrained }
        return plan.partitions.indices.allSatisfy { committed($0) == plan.partitions[$0].count - 1 }
    }

    var firstUnsafe: RecordRef? {
        for partition in plan.partitions.indices {
            for number in plan.partitions[partition].indices {
                let ref = RecordRef(partition: partition, number: number)
                if !isSafe(ref) { return ref }
            }
        }
        return nil
    }
}

/// What the world knows of one process.
struct ProcessState {
    let number: Int
    var isAlive = true
    /// The newest entry of each partition that was committed when the process began to read it.
    var begin: [Int]
    /// The next entry of each partition that its source reads; `nil` for a partition that it does not have.
    var next: [Int?]
    /// By sink and lane, in their order: what was polled and is not settled there.
    var lanes: [[RecordLaneKey: [RecordRef]]]
    /// By entry, what of it is not settled, over all sinks.
    var unsettled: [RecordRef: Set<LetterKey>] = [:]
    /// By entry, what became of its parts, where they were not simply delivered.
    var outcomes: [RecordRef: [LetterKey: SettledAs]] = [:]
    /// What became of each entry that is settled.
    var settled: [RecordRef: SettledAs] = [:]
    /// How often each record has failed, or more where nobody can tell.
    var failures: [LetterKey: Int] = [:]
    /// Records that may have been given up after so many failures.
    var mayBeGivenUp: Set<LetterKey> = []
    /// By sink: accepted and not durable.
    var pending: [[RecordRef]]
    var puts: [Int]
    var busyLanes: [Set<RecordLaneKey>]
    /// By sink that is pipelined, what it owes an answer for, in order.
    var unanswered: [[UnansweredPut]]
    /// By sink, what is being put.
    var busy: [Set<BusyRecord>]
    var isFlushing: [Bool]
    /// How often each partition was taken away: what was polled before counts no more.
    var generations: [Int]
    /// The newest transaction of a position-keeping sink, and the positions by which can be told whether it took place.
    var transaction: (put: SimulatedPut, ends: [StoredPosition])?
    /// By sink, what was settled since the newest checkpoint that the process knows of, in order.
    var sinceCheckpoint: [[(ref: RecordRef, kind: RecordVerdict.Kind)]]
    var isPolling = false
    var counts = ProcessCounts()
    /// The newest epoch that it was given.
    var epoch: UInt64 = 0
    /// How often the newest commit failed at the source, or more where there is no other attempt.
    var commitFailures = 0
    /// Asked to stop by the supervisor.
    var isStopping = false
    /// The newest positions it was told at its start.
    var claimed: [Int: Int] = [:]
    /// Partitions to take away at its next poll.
    var rebalance: SimulationPlan.Incident.Kind?

    init(number: Int, _ plan: SimulationPlan) {
        self.number = number
        begin = plan.partitions.map { _ in -1 }
        next = plan.partitions.map { _ in nil }
        lanes = plan.sinks.map { _ in [:] }
        pending = plan.sinks.map { _ in [] }
        puts = plan.sinks.map { _ in 0 }
        sinceCheckpoint = plan.sinks.map { _ in [] }
        busyLanes = plan.sinks.map { _ in [] }
        unanswered = plan.sinks.map { _ in [] }
        busy = plan.sinks.map { _ in [] }
        isFlushing = plan.sinks.map { _ in false }
        generations = plan.partitions.map { _ in 0 }
    }
}

/// Names a record on its way to one sink, or an entry before it is on its way to any.
struct LetterKey: Hashable {
    var ref: RecordRef
    var sink: Int?
}

/// What became of an entry; of several parts, the last of these counts.
enum SettledAs: Int, Comparable {
    case filtered, delivered, dropped, deadLettered

    static func < (left: SettledAs, right: SettledAs) -> Bool { left.rawValue < right.rawValue }
}

/// Names a lane in the world's own words.
struct RecordLaneKey: Hashable {
    var partition: Int
    var key: Int
}

/// What a process has done, to be compared with what the runner says.
struct ProcessCounts {
    var polled = 0
    var settled: [SettledAs: Int] = [:]
    var lost = 0
}
