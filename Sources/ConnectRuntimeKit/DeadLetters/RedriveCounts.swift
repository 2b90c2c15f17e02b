// SPDX-License-Identifier: Apache-2.0

/// What became of the dead letters that a redrive took, each counted once.
public struct RedriveCounts: Sendable, Hashable {
    /// Everything of them that was missing is delivered; they are removed.
    public var delivered = 0
    /// The functions want nothing of them any more; they are removed.
    public var filtered = 0
    /// A sink dropped them, or a part of them, and the rest is delivered; they are removed.
    public var dropped = 0
    /// They failed again; they are kept for what failed, with the new error.
    public var failedAgain = 0
    /// They were not tried, and are kept as they were: rejected input, a sink that the pipeline has no more, parts that the
    /// functions make no more.
    public var kept = 0

    /// Nothing yet.
    public init() {}

    /// How many letters were taken.
    public var total: Int { delivered + filtered + dropped + failedAgain + kept }
}
