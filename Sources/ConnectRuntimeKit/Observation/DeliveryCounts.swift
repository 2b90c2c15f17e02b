// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// How many records of a run are where.
public struct DeliveryCounts: Sendable, Hashable {
    /// Records that the source returned.
    public internal(set) var polled = 0
    /// Records that the sink accepted.
    public internal(set) var delivered = 0
    /// Records that a function filtered out.
    public internal(set) var filtered = 0
    /// Records that are in the dead letters.
    public internal(set) var deadLettered = 0
    /// Records that were dropped by verdict or by policy.
    public internal(set) var dropped = 0
    /// Records of partitions that were taken away before they were settled.
    public internal(set) var lost = 0
    /// Records and progress marks that are committed.
    public internal(set) var committed = 0
    /// Bytes of data that the sink accepted.
    public internal(set) var deliveredBytes = 0

    var marks = 0

    /// How often a record was put again.
    public internal(set) var retried = 0
    /// Records that are on their way: polled, and nothing of the above yet.
    public var inFlight: Int { polled - delivered - filtered - deadLettered - dropped - lost }

    /// Nothing counted.
    public init() {}

    /// How many records have come to their end.
    var settled: Int { delivered + filtered + deadLettered + dropped }

    mutating func note(_ outcome: RecordOutcome) {
        switch outcome {
        case .filtered: filtered += 1
        case .deadLettered: deadLettered += 1
        case .dropped: dropped += 1
        default: delivered += 1
        }
    }
}
