// SPDX-License-Identifier: Apache-2.0

package import ConnectRuntimeKit
import OpenConnect

/// Everything that is to happen in one simulated life of a pipeline, apart from the order of the awaits.
///
/// Faults and incidents are named by the call or the job at which they happen, so that one of them can be taken away
/// without changing the others.
package struct SimulationPlan: Sendable {
    package enum SourceKind: String, Sendable, CaseIterable {
        /// Cumulative offsets in the store; everything can be read again.
        case log
        /// The same, but what was committed is gone.
        case pruning
        /// Cumulative offsets that the upstream keeps.
        case upstreamKept
        /// Tokens, acknowledged one by one.
        case queue
        /// Partitions that come and go; the upstream keeps the offsets.
        case group
        /// Partitions that come and go; the store keeps the offsets, each partition with a claim of its own.
        case storedGroup

        var isGroup: Bool { self == .group || self == .storedGroup }
    }

    package enum SinkKind: String, Sendable, CaseIterable {
        case plain, checkpointing, positionKeeping
    }

    package struct Sink: Sendable {
        package var name: String
        package var kind: SinkKind
        package var maxConcurrentPuts = 1
        package var isOrdered = true
        /// Whether nothing has to be flushed.
        package var isDurableOnPut = false
        /// How many records it likes to take at once.
        package var preferredRecords: Int?
        /// Whether a batch with a record that nobody can use is refused as a whole.
        package var refusesBatches = false
        /// Whether nothing of a lane is applied behind a record that was rejected.
        package var stopsAtRejected = false
        /// Whether it takes other batches while one is on its way.
        package var isPipelined = false

        /// How many puts of it may run at the same time.
        var mostPuts: Int { isPipelined ? 4 : maxConcurrentPuts }
    }

    /// What lies in the upstream at one place.
    package struct Entry: Sendable {
        /// Delivered; dropped or rejected by each sink; filtered or rejected by a function.
        package enum Fate: String, Sendable { case deliver, drop, reject, filter, fail }
        /// Not a record, but a place behind which nothing was worth emitting.
        package var isMark = false
        /// Whether a unit ends here.
        package var endsUnit = true
        /// What becomes of it in the end.
        package var fate = Fate.deliver
        package var key = 0
        /// How many records a function makes of it.
        package var parts = 1
        /// The numbers of the sinks that it is meant for; `nil` for all.
        package var route: [Int]?
    }

    /// How long calls take.
    package enum Latency: String, Sendable, CaseIterable {
        case none, yields, short, mixed, slow
    }

    /// What makes the life of the pipeline eventful, each so many jobs after the one before.
    package struct Incident: Sendable {
        package enum Kind: String, Sendable, CaseIterable {
            /// The process is gone from one job to the next.
            case crash
            /// The pipeline is asked to stop, and started again.
            case stop
            /// A second process begins while the first still runs.
            case takeOver
            /// Partitions are taken away in order.
            case revoke
            /// Partitions are gone.
            case lose
        }
        package var kind: Kind
        package var jobs: Int
    }

    package var seed: UInt64
    /// Decides the order of the awaits; the seed, unless another order is tried.
    package var schedule: UInt64 = 0
    package var source = SourceKind.log
    package var sinks: [Sink] = []
    package var partitions: [[Entry]] = []
    package var latency = Latency.mixed
    package var faults: [SimulatedFault] = []
    package var incidents: [Incident] = []
    /// Whether the source has an end; else the pipeline is stopped when everything is committed.
    package var isBounded = true
    /// The most entries that a poll returns although more are asked for.
    package var pollSize = 8
    package var options = DeliveryOptions()
    /// A downstream that breaks its promise: a flush makes nothing durable. To see that the checks find it.
    package var losesFlushed = false

    package var entryCount: Int { partitions.reduce(0) { $0 + $1.count } }
    /// Whether records of one partition with different keys may overtake each other.
    package var hasKeyLanes = false
    /// Whether the source leaves out partitions that are held back.
    package var leavesOutHeldBack = false
    /// Whether bad records are dropped.
    var dropsBadRecords: Bool { options.onError == .drop }
    /// Whether there is a function between source and sinks.
    package var hasFunction: Bool {
        partitions.joined().contains { $0.parts != 1 || $0.route != nil || $0.fate == .filter || $0.fate == .fail }
    }
    /// Whether checkpoints are stored together with the positions, so that nothing comes twice.
    var storesPositions: Bool { source == .log || source == .pruning || source == .storedGroup }
    package var needsStore: Bool { source != .queue || sinks.contains { $0.kind == .checkpointing } }
}

extension SimulationPlan: CustomStringConvertible {
    package var description: String {
        let sizes = partitions.map { $0.map { describe($0) }.joined() }
        let onError = options.onError == .stop ? "stop" : options.onError == .drop ? "drop" : "dead letters"
        return """
            seed \(seed): \(source.rawValue) -> \(sinks.map(\.description).joined(separator: ", "))
              partitions: \(sizes.joined(separator: " | "))
              latency \(latency.rawValue), \(isBounded ? "bounded" : "endless"), polls of up to \(pollSize), \(hasKeyLanes ? "lanes by key" : "lanes by partition")
              bad records: \(onError), attempts \(options.retry.maxAttempts.map(String.init) ?? "without end") from \
            \(options.retry.firstDelay) on, in an outage \(options.outage.maxAttempts.map(String.init) ?? "without end"), \
            share of a lane \(options.laneShare)
              poll \(options.maxPollRecords), in flight \(options.maxInFlightRecords), \
            uncommitted \(options.maxUncommittedRecords) for \(options.maxUncommittedTime), \
            commit every \(options.commitInterval), drain within \(options.drainDeadline)
              faults: \(faults.isEmpty ? "none" : faults.map(\.description).joined(separator: "; "))
              incidents: \(incidents.isEmpty ? "none" : incidents.map { "\($0.kind.rawValue) after \($0.jobs) jobs" }
                .joined(separator: "; "))
            """
    }

    private func describe(_ entry: Entry) -> String {
        var text = entry.isMark ? "m" : entry.fate == .deliver ? "r" : "\(entry.fate.rawValue.prefix(2).uppercased())"
        if hasKeyLanes { text += "k\(entry.key)" }
        if entry.parts != 1 { text += "*\(entry.parts)" }
        if let route = entry.route { text += ">\(route.map(String.init).joined(separator: "+"))" }
        return text + (entry.endsUnit ? "" : "-")
    }
}

extension SimulationPlan.Sink: CustomStringConvertible {
    package var description: String {
        var text = "\(name): \(kind.rawValue)"
        if maxConcurrentPuts > 1 { text += ", \(maxConcurrentPuts) puts" }
        if !isOrdered { text += ", unordered" }
        if isDurableOnPut { text += ", durable on put" }
        if isPipelined { text += ", pipelined" }
        if let preferredRecords { text += ", batches of \(preferredRecords)" }
        if refusesBatches { text += ", refuses batches" }
        if stopsAtRejected { text += ", stops at rejected" }
        return text
    }
}
