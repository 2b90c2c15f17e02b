// SPDX-License-Identifier: Apache-2.0

extension KafkaSink {
    /// How messages are made and sent.
    public struct Options: Sendable, Hashable {
        /// Where a record without a key goes.
        public struct Keyless: Sendable, Hashable {
            enum Kind { case sourcePartition, anyPartition }
            let kind: Kind
            /// All records of one partition of the source into the same partition of the topic, so that their order stays.
            public static let sourcePartition = Keyless(kind: .sourcePartition)
            /// Anywhere, as librdkafka spreads them: faster where the order of such records does not matter.
            public static let anyPartition = Keyless(kind: .anyPartition)
        }

        /// What the timestamp of a message says.
        public struct Timestamps: Sendable, Hashable {
            enum Kind { case produced, recorded }
            let kind: Kind
            /// When it was sent.
            public static let produced = Timestamps(kind: .produced)
            /// What the upstream recorded for the record. Brokers that keep messages for a time count from there.
            public static let recorded = Timestamps(kind: .recorded)
        }

        /// How a record becomes a message.
        public var format: MessageFormat
        /// Where a record without a key goes.
        public var keyless: Keyless
        /// What the timestamp of a message says.
        public var timestamps: Timestamps
        /// How many batches may be sent beside one another, each of other lanes. With 1 they follow one another, a few on their
        /// way in the order of their lanes. More than one helps where there are many lanes and the brokers are far away.
        public var concurrency: Int
        /// How long a put waits for its reports before its messages are given up and put again through a new producer.
        public var deliveryTimeout: Duration

        /// Events in binary mode, in the order of the source's partitions.
        public init(
            format: MessageFormat = .binary,
            keyless: Keyless = .sourcePartition,
            timestamps: Timestamps = .produced,
            concurrency: Int = 1,
            deliveryTimeout: Duration = .seconds(120)
        ) {
            self.format = format
            self.keyless = keyless
            self.timestamps = timestamps
            self.concurrency = max(1, concurrency)
            self.deliveryTimeout = deliveryTimeout
        }
    }
}
