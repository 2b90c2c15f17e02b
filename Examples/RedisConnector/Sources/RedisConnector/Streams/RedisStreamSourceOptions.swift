// SPDX-License-Identifier: Apache-2.0

/// How a ``RedisStreamSource`` reads.
public struct RedisStreamSourceOptions: Sendable {
    /// Where a consumer group begins that the source makes.
    public struct Start: Sendable, Hashable, CustomStringConvertible {
        /// The ID as `XGROUP CREATE` takes it.
        public let description: String

        /// With the oldest entry of the stream.
        public static let beginning = Start(description: "0")
        /// With the first entry that is added later.
        public static let end = Start(description: "$")
        /// Behind the entry with this ID, such as `1732200000000-0`.
        public static func behind(_ id: String) -> Start { Start(description: id) }
    }

    /// What becomes of an entry that was given out, and deleted or trimmed before it was committed: its data is gone.
    public struct Deleted: Sendable, Hashable {
        let isRejected: Bool

        /// It is rejected input, which stops the pipeline, or is noted in the dead letters, as the pipeline says.
        public static let rejected = Deleted(isRejected: true)
        /// It is acknowledged, and a warning says so.
        public static let skipped = Deleted(isRejected: false)
    }

    /// How entries become records.
    public var format: EntryFormat = .auto
    /// The field of the payload.
    public var dataField = "data"
    /// The consumer's name: one that no other running instance of the group has, and that stays the same over restarts;
    /// `nil` for the name of the host.
    public var consumer: String?
    /// Where the group begins on a stream on which it is missing, and which is made if it is missing too; `nil` for
    /// an error.
    public var createGroup: Start?
    /// How long an entry of another consumer has to be idle before it is taken over; `nil` to take over nothing.
    public var claimIdle: Duration? = .seconds(60)
    /// What becomes of pending entries that were deleted.
    public var deleted = Deleted.rejected
    /// How long the server waits for entries before it answers that there are none.
    public var block: Duration = .seconds(5)
    /// The most entries that are read of each stream at once.
    public var count = 1000

    /// The defaults.
    public init() {}
}
