// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// What became of every record that a run polled, partition by partition.
///
/// In each partition, and at any time: polled = delivered + filtered + dead-lettered + dropped + lost + in flight. What is in
/// flight is counted where the records lie, and not taken from the other figures, so that a record that was forgotten
/// or settled twice shows. A record that became several counts once.
public struct DeliveryAudit: Sendable, Hashable {
    /// The figures of one partition, or of several together.
    public struct Figures: Sendable, Hashable {
        /// Records that the source returned.
        public internal(set) var polled = 0
        /// Records that every sink accepted that they were meant for.
        public internal(set) var delivered = 0
        /// Records that a function filtered out.
        public internal(set) var filtered = 0
        /// Records of which something is in the dead letters.
        public internal(set) var deadLettered = 0
        /// Records that were dropped by verdict or by policy.
        public internal(set) var dropped = 0
        /// Records whose partition was taken away before they were settled.
        public internal(set) var lost = 0
        /// Records that lie in a queue, are being put, or wait for another attempt.
        public internal(set) var inFlight = 0

        init() {}

        /// Whether every record is accounted for, and none twice.
        public var isBalanced: Bool {
            // Figures that make up for each other, such as -1 delivered and 2 filtered, are wrong too.
            polled == accounted && min(delivered, filtered, deadLettered, dropped, lost, inFlight) >= 0
        }

        var accounted: Int { delivered + filtered + deadLettered + dropped + lost + inFlight }

        mutating func note(_ outcome: RecordOutcome) {
            switch outcome {
            case .filtered: filtered += 1
            case .deadLettered: deadLettered += 1
            case .dropped: dropped += 1
            default: delivered += 1
            }
        }

        static func += (left: inout Figures, right: Figures) {
            left.polled += right.polled
            left.delivered += right.delivered
            left.filtered += right.filtered
            left.deadLettered += right.deadLettered
            left.dropped += right.dropped
            left.lost += right.lost
            left.inFlight += right.inFlight
        }
    }

    /// All records together, counted apart from the partitions.
    public let totals: Figures
    /// The partitions that the pipeline knows at present.
    public let partitions: [RecordPartition: Figures]
    /// The partitions that were settled and forgotten, or taken away, in one sum.
    public let forgotten: Figures
    /// How many those are.
    public let forgottenPartitions: Int
    /// Records that a run that fails will not hand to the sinks: they are read again. They count as in flight.
    public let undelivered: Int

    static let empty = DeliveryAudit(
        totals: Figures(),
        partitions: [:],
        forgotten: Figures(),
        forgottenPartitions: 0,
        undelivered: 0
    )

    /// Whether everything adds up.
    public var isBalanced: Bool { faults.isEmpty }

    /// What does not add up, naming the figures; empty where everything does.
    public var faults: [String] {
        var faults: [String] = []
        var sum = forgotten
        sum.polled += undelivered
        sum.inFlight += undelivered
        for (partition, figures) in partitions.sorted(by: { $0.key < $1.key }) {
            sum += figures
            if !figures.isBalanced { faults.append("\(partition): \(figures)") }
        }
        if !forgotten.isBalanced { faults.append("forgotten partitions: \(forgotten)") }
        if !totals.isBalanced { faults.append("all: \(totals)") }
        if sum != totals { faults.append("all: \(totals), but the partitions together: \(sum)") }
        return faults
    }
}

extension DeliveryAudit.Figures: CustomStringConvertible {
    /// The figures with their names.
    public var description: String {
        "\(polled) polled, \(delivered) delivered, \(filtered) filtered, \(deadLettered) dead-lettered, "
            + "\(dropped) dropped, \(lost) lost, \(inFlight) in flight"
    }
}
