// SPDX-License-Identifier: Apache-2.0

/// How a source's positions work.
public struct SourceTraits: Sendable, Hashable {
    /// What an acknowledged offset stands for.
    public struct AcknowledgementStyle: Sendable, Hashable {
        package enum Kind { case cumulative, individual }
        package let kind: Kind
        /// The newest offset stands for all before it in its partition: files, tables, logs, group offsets.
        public static let cumulative = AcknowledgementStyle(kind: .cumulative)
        /// Each offset is a token of its own, reported with its outcome: queues, webhooks.
        public static let individual = AcknowledgementStyle(kind: .individual)
    }

    /// Who keeps the positions.
    public struct PositionKeeper: Sendable, Hashable {
        package enum Kind { case offsetStore, upstream, nobody }
        package let kind: Kind
        /// The pipeline's offset store.
        public static let offsetStore = PositionKeeper(kind: .offsetStore)
        /// The external system: group offsets, replication slots, sessions, tokens.
        public static let upstream = PositionKeeper(kind: .upstream)
        /// Nobody: each record is a unit of its own, and nothing is stored.
        public static let nobody = PositionKeeper(kind: .nobody)
    }

    /// What an acknowledged offset stands for.
    public var acknowledgement: AcknowledgementStyle
    /// Who keeps the positions.
    public var positions: PositionKeeper
    /// Whether the source can read again what follows any committed position.
    public var isReplayable: Bool
    /// Whether partitions are assigned to the source and taken from it while it runs.
    public var hasDynamicPartitions: Bool
    /// Whether the source can go on reading while leaving out the partitions that are held back. One whose `poll` stays
    /// suspended while there is nothing else to read has to be ``HoldObserving``.
    public var canHoldBackPartitions: Bool

    /// Traits of a source; the defaults are those of a file or a table.
    public init(
        acknowledgement: AcknowledgementStyle = .cumulative,
        positions: PositionKeeper = .offsetStore,
        isReplayable: Bool = true,
        hasDynamicPartitions: Bool = false,
        canHoldBackPartitions: Bool = false
    ) {
        self.acknowledgement = acknowledgement
        self.positions = positions
        self.isReplayable = isReplayable
        self.hasDynamicPartitions = hasDynamicPartitions
        self.canHoldBackPartitions = canHoldBackPartitions
    }
}
