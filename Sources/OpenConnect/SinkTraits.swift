// SPDX-License-Identifier: Apache-2.0

/// What a sink promises and prefers.
public struct SinkTraits: Sendable, Hashable {
    /// The size of batch that suits a sink.
    public struct PreferredBatch: Sendable, Hashable {
        /// The most records in one batch, or `nil` for as many as there are.
        public var maxRecords: Int?
        /// The most bytes of data in one batch, or `nil` for as many as there are.
        public var maxBytes: Int?
        /// How long to wait for more records before a batch smaller than that is put.
        public var linger: Duration

        /// Batches of at most this size.
        public init(maxRecords: Int? = nil, maxBytes: Int? = nil, linger: Duration = .zero) {
            self.maxRecords = maxRecords
            self.maxBytes = maxBytes
            self.linger = linger
        }
    }

    /// How many puts may run at the same time; a runner may always do with one.
    public var maxConcurrentPuts: Int
    /// Whether the sink keeps the order of a batch: after the first record of a lane that was not delivered it has
    /// applied no later record of that lane.
    public var isOrdered: Bool
    /// The size of batch that suits the sink: a wish, not a limit.
    public var preferredBatch: PreferredBatch
    /// Whether what `put` accepts is durable when it returns, as with a system that answers each request. Then nothing is
    /// flushed, and no commit waits until the puts that run have ended: one that hangs holds up its own lanes only. Has no
    /// meaning for a sink that keeps positions or checkpoints.
    public var isDurableOnPut: Bool
    /// The least time between two commits, for outputs where each flush is expensive, as object stores are. Limits of what may
    /// be uncommitted, a pause of the pipeline, its end, and partitions that are given up commit earlier.
    public var minCommitInterval: Duration

    /// Traits of a sink; the defaults are one put at a time, in order, in batches of any size.
    public init(
        maxConcurrentPuts: Int = 1,
        isOrdered: Bool = true,
        preferredBatch: PreferredBatch = PreferredBatch(),
        isDurableOnPut: Bool = false,
        minCommitInterval: Duration = .zero
    ) {
        self.maxConcurrentPuts = maxConcurrentPuts
        self.isOrdered = isOrdered
        self.preferredBatch = preferredBatch
        self.isDurableOnPut = isDurableOnPut
        self.minCommitInterval = minCommitInterval
    }
}
