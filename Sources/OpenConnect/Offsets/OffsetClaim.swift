// SPDX-License-Identifier: Apache-2.0

/// The number of a claim; a lower one is fenced off.
public struct Epoch: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The number, counted from 1.
    public let number: UInt64

    /// The epoch with a number.
    public init(_ number: UInt64) { self.number = number }

    /// Whether the left one is lower.
    public static func < (left: Epoch, right: Epoch) -> Bool { left.number < right.number }

    /// The number.
    public var description: String { String(number) }
}

/// What is claimed: the offsets of a connector, or of one task or one partition of it.
public struct ClaimScope: Sendable, Hashable, CustomStringConvertible {
    /// The name of the connector, which is that of its pipeline.
    public let connector: String
    /// The one partition that is claimed, or `nil` for all of the connector's.
    public let partition: RecordPartition?

    /// All offsets of a connector, or those of one partition of it.
    public init(connector: String, partition: RecordPartition? = nil) {
        self.connector = connector
        self.partition = partition
    }

    /// The connector, and the partition if there is one.
    public var description: String { partition.map { "\(connector), partition \($0)" } ?? connector }
}

/// What happens when a scope is owned already.
public struct ClaimPolicy: Sendable, Hashable {
    package enum Kind { case failIfOwned, wait, takeOver }
    package let kind: Kind
    /// The claim fails. The default.
    public static let failIfOwned = ClaimPolicy(kind: .failIfOwned)
    /// The claim waits until the owner releases the scope or loses its lease: the claim of a standby.
    public static let wait = ClaimPolicy(kind: .wait)
    /// The claim succeeds at once, and the previous owner is fenced off.
    public static let takeOver = ClaimPolicy(kind: .takeOver)
}

/// Asks an ``OffsetStore`` for the ownership of a scope.
public struct ClaimRequest: Sendable, Hashable {
    /// What is claimed.
    public var scope: ClaimScope
    /// What happens when it is owned already.
    public var policy: ClaimPolicy

    /// A request for a scope.
    public init(scope: ClaimScope, policy: ClaimPolicy = .failIfOwned) {
        self.scope = scope
        self.policy = policy
    }
}

/// Proves the ownership of a scope towards its ``OffsetStore``.
public struct ClaimToken: Sendable, Hashable {
    /// What is owned.
    public let scope: ClaimScope
    /// The number of the claim.
    public let epoch: Epoch

    /// The proof that a store gives out.
    public init(scope: ClaimScope, epoch: Epoch) {
        self.scope = scope
        self.epoch = epoch
    }
}

/// A scope that was claimed, with what is stored there.
public struct OffsetClaim: Sendable {
    /// The proof of ownership.
    public let token: ClaimToken
    /// How long the ownership lasts without being renewed, or `nil` where it lasts as long as the owner.
    public let lease: Duration?
    /// The stored positions.
    public let positions: [StoredPosition]
    /// The stored checkpoints by the name of their sink.
    public let checkpoints: [String: SinkCheckpoint]

    /// A claim that was granted.
    public init(
        token: ClaimToken,
        lease: Duration? = nil,
        positions: [StoredPosition] = [],
        checkpoints: [String: SinkCheckpoint] = [:]
    ) {
        self.token = token
        self.lease = lease
        self.positions = positions
        self.checkpoints = checkpoints
    }
}

/// A position as it is kept, with the runner's own count: so it can be told which of two positions is ahead.
public struct StoredPosition: Sendable, Hashable {
    /// The place.
    public let position: RecordPosition
    /// How many records and progress marks of the partition the runner had numbered up to here, over all runs.
    public let sequence: UInt64

    /// A position with the runner's count.
    public init(_ position: RecordPosition, sequence: UInt64) {
        self.position = position
        self.sequence = sequence
    }
}
