// SPDX-License-Identifier: Apache-2.0

/// How many records of a run are where.
public struct DeliveryCounts: Sendable, Hashable {
    /// Records that the source returned.
    public internal(set) var polled = 0
    /// Records that the sink accepted.
    public internal(set) var delivered = 0
    /// Records that were dropped by verdict.
    public internal(set) var dropped = 0
    /// Records of partitions that were taken away before they were settled.
    public internal(set) var lost = 0
    /// Records and progress marks that are committed.
    public internal(set) var committed = 0
    /// Bytes of data that the sink accepted.
    public internal(set) var deliveredBytes = 0

    var marks = 0

    /// Nothing counted.
    public init() {}
}
