// SPDX-License-Identifier: Apache-2.0

/// A sink that stores the positions together with the data, in one transaction: the way to exactly-once delivery into
/// a transactional system.
///
/// A put is all or nothing: the data, the new positions, and the check that the positions and the epoch found there are
/// the expected ones. With any verdict other than delivered nothing may have been applied.
public protocol PositionKeepingSink: Sink {
    /// The positions kept with the data, for the connector named in the scope.
    ///
    /// Asked at start, where they win over those of the offset store, and after a put that threw: the answer decides
    /// whether the transaction took place.
    func positions(in scope: ClaimScope) async throws -> [StoredPosition]

    /// Applies the records and the new positions in one transaction.
    ///
    /// An empty batch advances positions behind which no record was worth emitting.
    ///
    /// - Throws: ``ConnectorError`` with the code `fenced` when the epoch or a position found is not the expected one.
    func put(_ batch: RecordBatch, advancing advance: PositionAdvance) async throws -> PutResult
}

extension PositionKeepingSink {
    /// Nothing is left to do: each transaction is durable when its put returns.
    public func flush() async throws {}
}

/// The positions that one transaction of a ``PositionKeepingSink`` moves.
public struct PositionAdvance: Sendable, Hashable {
    /// One partition's step.
    public struct Step: Sendable, Hashable {
        /// What has to be found, or `nil` where the partition has no position yet.
        public let expected: StoredPosition?
        /// What takes its place.
        public let new: StoredPosition

        /// A step from the expected position to the new one.
        public init(from expected: StoredPosition?, to new: StoredPosition) {
            self.expected = expected
            self.new = new
        }
    }

    /// Whose positions these are.
    public let scope: ClaimScope
    /// The epoch of the claim; a stored epoch that is higher fences this put off.
    public let epoch: Epoch
    /// Each partition at most once.
    public let steps: [Step]

    /// Steps of one connector under one epoch.
    public init(scope: ClaimScope, epoch: Epoch, steps: [Step]) {
        self.scope = scope
        self.epoch = epoch
        self.steps = steps
    }
}
