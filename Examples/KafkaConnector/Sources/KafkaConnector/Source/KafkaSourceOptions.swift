// SPDX-License-Identifier: Apache-2.0

extension KafkaSource {
    /// What is read, and who remembers how far.
    public struct Options: Sendable, Hashable {
        /// Who keeps the offsets.
        public struct OffsetKeeper: Sendable, Hashable {
            enum Kind { case broker, store }
            let kind: Kind
            /// The group's coordinator, as for any other consumer of Kafka.
            public static let broker = OffsetKeeper(kind: .broker)
            /// The pipeline's offset store, or a sink that keeps positions; the group only shares the partitions out.
            public static let store = OffsetKeeper(kind: .store)
        }

        /// Where reading begins in a partition without an offset, or with one that does not exist any more.
        public struct OffsetReset: Sendable, Hashable {
            enum Kind { case earliest, latest, fail }
            let kind: Kind
            /// At the oldest message.
            public static let earliest = OffsetReset(kind: .earliest)
            /// Behind the newest message.
            public static let latest = OffsetReset(kind: .latest)
            /// Nowhere: the source fails.
            public static let fail = OffsetReset(kind: .fail)
        }

        /// How a message becomes a record.
        public var format: MessageFormat
        /// Who keeps the offsets.
        public var offsets: OffsetKeeper
        /// Where reading begins without an offset.
        public var autoOffsetReset: OffsetReset

        /// Events and anything else, from the oldest message on, with offsets in the broker.
        public init(
            format: MessageFormat = .auto,
            offsets: OffsetKeeper = .broker,
            autoOffsetReset: OffsetReset = .earliest
        ) {
            self.format = format
            self.offsets = offsets
            self.autoOffsetReset = autoOffsetReset
        }
    }
}
