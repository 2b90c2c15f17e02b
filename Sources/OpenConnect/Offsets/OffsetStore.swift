// SPDX-License-Identifier: Apache-2.0

/// Keeps committed positions, and the checkpoints of sinks, over restarts.
///
/// An owner claims a scope and gets an epoch; whatever it saves is refused once somebody else has claimed the scope after
/// it (``ConnectorError/Code/fenced``).
public protocol OffsetStore: Sendable {
    /// Takes ownership of a scope and returns what is stored there.
    ///
    /// - Throws: `retryable` when the scope is owned and the policy is ``ClaimPolicy/failIfOwned``; `corruptOffsets` when
    ///   what is stored cannot be read, with what to do. Missing positions are a start from the beginning, not an error.
    func claim(_ request: ClaimRequest) async throws -> OffsetClaim

    /// Prolongs the lease of a claim. A store whose claims have no lease does nothing.
    ///
    /// - Throws: `fenced` when the claim is lost.
    func renew(_ claim: ClaimToken) async throws

    /// Stores a set of changes atomically: all or none of them is there after a crash. Durable when it returns.
    ///
    /// - Throws: `fenced` when the epoch of the claim is outdated.
    func save(_ changes: OffsetChanges, under claim: ClaimToken) async throws

    /// Gives the ownership back. The positions stay. A claim whose epoch is outdated has nothing to give back, which is no error.
    func release(_ claim: ClaimToken) async throws
}

/// What is saved together.
public struct OffsetChanges: Sendable, Hashable {
    /// New positions; each partition at most once.
    public var positions: [StoredPosition]
    /// Partitions whose position is removed.
    public var removed: [RecordPartition]
    /// New checkpoints by the name of their sink.
    public var checkpoints: [String: SinkCheckpoint]

    /// A set of changes.
    public init(
        positions: [StoredPosition] = [],
        removed: [RecordPartition] = [],
        checkpoints: [String: SinkCheckpoint] = [:]
    ) {
        self.positions = positions
        self.removed = removed
        self.checkpoints = checkpoints
    }

    /// Whether nothing would change.
    public var isEmpty: Bool { positions.isEmpty && removed.isEmpty && checkpoints.isEmpty }
}
