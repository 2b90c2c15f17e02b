// SPDX-License-Identifier: Apache-2.0

public import CloudEventsCodec

/// What one call of `poll` returned.
public struct SourceBatch: Sendable {
    /// Records, in order within each partition.
    public var records: [ConnectorRecord]
    /// Progress marks: positions without a record, behind the batch's records of their partition and never inside a unit.
    public var progress: [RecordPosition]
    /// Input that could not become a record.
    public var rejected: [RejectedInput]
    /// Whether the source has come to its end; it is not polled again.
    public var isEnd: Bool
    /// An idle hint: nothing more is expected before this much time has passed. The runner uses the pause to commit.
    public var quiet: Duration?

    /// A batch of records and whatever else was learned.
    @inlinable
    public init(
        _ records: [ConnectorRecord] = [],
        progress: [RecordPosition] = [],
        rejected: [RejectedInput] = [],
        isEnd: Bool = false,
        quiet: Duration? = nil
    ) {
        self.records = records
        self.progress = progress
        self.rejected = rejected
        self.isEnd = isEnd
        self.quiet = quiet
    }

    /// The end of a bounded source, with nothing before it.
    public static var end: SourceBatch { SourceBatch(isEnd: true) }
}

/// Input that could not become a record. It goes the way of any rejected record, so that nothing is lost silently.
public struct RejectedInput: Sendable {
    /// How many of the batch's records come before it.
    public var index: Int
    /// Behind the input: committing it means that the input is dealt with.
    public var position: RecordPosition
    /// Why it could not become a record.
    public var error: ConnectorError
    /// The bytes as they were read, or the beginning of them.
    public var bytes: SharedBytes

    /// Input that ends at a position and lies behind the first `index` records of its batch.
    public init(at index: Int, position: RecordPosition, error: ConnectorError, bytes: SharedBytes = SharedBytes()) {
        self.index = index
        self.position = position
        self.error = error
        self.bytes = bytes
    }
}
