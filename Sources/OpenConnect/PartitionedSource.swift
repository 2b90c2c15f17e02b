// SPDX-License-Identifier: Apache-2.0

/// A source that reads each of its partitions with a reader of its own: files, tables, shards, topics.
///
/// The runner asks for the partitions after `start`, makes a reader for each, and polls all readers at the same time;
/// what they read goes through one ledger, one budget and one offset store. Each reader's share of the budget is half of
/// what may be in flight, divided by the number of readers, and at least one record. A reader that fails is tried again
/// by itself; the others go on meanwhile.
///
/// ```swift
/// actor TableSource: PartitionedSource {
///     func partitions() async throws -> PartitionList {
///         PartitionList(try await database.tables().map { RecordPartition($0) }, isFinal: true)
///     }
///
///     func reader(of partition: RecordPartition, from offset: RecordOffset?) async throws -> any PartitionReader {
///         TableReader(database, table: partition.name, after: offset?.sequence ?? 0)
///     }
/// }
/// ```
///
/// When partitions are added or removed it calls ``ConnectorContext/partitionsChanged()`` and is asked again. With
/// ``SourceTraits/hasDynamicPartitions`` each partition is claimed when its reader is made, and given back, with what was
/// read of it committed, when it is no longer listed; the source itself need not call `assigned` and `revoke`.
public protocol PartitionedSource: Source {
    /// The partitions to read at present.
    ///
    /// Called after `start`, and again after each ``ConnectorContext/partitionsChanged()``; never concurrently with
    /// itself. Readers of partitions that are no longer listed are stopped as soon as a unit they are in has ended.
    ///
    /// - Throws: ``ConnectorError``; after `retryable`, `throttled` and `notConnected` it is called again later.
    func partitions() async throws -> PartitionList

    /// Makes the reader of a partition.
    ///
    /// - Parameter partition: one of those that were listed.
    /// - Parameter offset: where the partition was committed, or `nil` to read it from its beginning.
    /// - Throws: ``ConnectorError``; after `retryable`, `throttled` and `notConnected` it is called again later.
    func reader(of partition: RecordPartition, from offset: RecordOffset?) async throws -> any PartitionReader
}

extension PartitionedSource {
    /// Not called by a runner: the readers are polled instead.
    public func poll(_ request: PollRequest) async throws -> SourceBatch {
        throw ConnectorError(.fatal, "a partitioned source is read through its readers; poll those")
    }
}

/// Reads one partition of a ``PartitionedSource``.
public protocol PartitionReader: Sendable {
    /// Reads the next records, with the rules of ``Source/poll(_:)``.
    ///
    /// The end flag of the batch says that the partition has come to its end; the reader is then stopped.
    ///
    /// - Parameter request: how much may be returned; `heldBack` is empty, because a reader that is held back is not polled.
    /// - Returns: records, marks and rejected input of this partition only.
    func poll(_ request: PollRequest) async throws -> SourceBatch

    /// Releases what the reader holds. Called exactly once, after its last poll has returned. The default does nothing.
    func stop() async
}

extension PartitionReader {
    /// Does nothing.
    public func stop() async {}
}

/// The partitions that a source reads at present.
public struct PartitionList: Sendable, Hashable {
    /// The partitions, each of them once.
    public var partitions: [RecordPartition]
    /// Whether no other partition will be added: then the source ends when all of these have come to their end.
    public var isFinal: Bool

    /// A list of partitions, to which others may be added later.
    public init(_ partitions: [RecordPartition], isFinal: Bool = false) {
        self.partitions = partitions
        self.isFinal = isFinal
    }
}
