// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// A source and the system behind it, as the checks of a ``SourceConformance`` reach them.
///
/// What is not supplied is not checked: the report says so.
public struct SourceSubject: Sendable {
    /// Makes an instance that reads the system. All instances of one subject read the same system.
    public var makeSource: @Sendable () async throws -> any Source
    /// Adds items to a partition of the system, in order; each becomes a record.
    public var write: @Sendable (_ items: [String], _ partition: Int) async throws -> Void
    /// How many partitions the system has, counted from 0. Two are enough to check everything.
    public var partitionCount = 1
    /// How many consecutive items of a partition make up a unit: only the record of the last one has an offset.
    public var unitSize = 1
    /// Which item a record was made from, or `nil` where it is none that was written: its data as text.
    public var item: @Sendable (_ record: ConnectorRecord) -> String? = { $0.data.text }
    /// Which texts the system can hold. All of them are one line without a line break.
    public var accepts: @Sendable (_ item: String) -> Bool = { _ in true }
    /// Whether items can be written while a source reads. Where not, the source ends behind the items that were there.
    public var growsWhileRead = true
    /// Says that nothing more will be written, so that the source ends.
    public var finish: (@Sendable () async throws -> Void)?
    /// Makes the system unreachable, or reachable again.
    public var setReachable: (@Sendable (_ isReachable: Bool) async throws -> Void)?
    /// Adds something to partition 0 that cannot become a record.
    public var writeBadInput: (@Sendable () async throws -> Void)?
    /// What the system has been told of its items, by item, for an ``/OpenConnect/AcknowledgingSource``.
    public var outcomes: (@Sendable () async throws -> [String: RecordOutcome])?
    /// Asks the source to give up a partition.
    public var takeAway: (@Sendable (_ partition: Int) async throws -> Void)?
    /// Takes a partition away without asking.
    public var expel: (@Sendable (_ partition: Int) async throws -> Void)?
    /// Instances that have to be refused, when they are made or started, by what the error has to name: a setting that
    /// is missing, unknown, out of its range, or contradicts another one.
    public var wrongSettings: [String: @Sendable () async throws -> any Source] = [:]
    /// Releases the system, after the last call of anything else.
    public var close: @Sendable () async -> Void = {}

    /// A source whose system has one partition.
    ///
    /// - Parameters:
    ///   - makeSource: makes an instance that reads the system.
    ///   - write: adds items to the system, in order.
    public init(
        makeSource: @escaping @Sendable () async throws -> any Source,
        write: @escaping @Sendable (_ items: [String]) async throws -> Void
    ) {
        self.makeSource = makeSource
        self.write = { items, _ in try await write(items) }
    }

    /// A source whose system has several partitions.
    ///
    /// - Parameters:
    ///   - partitionCount: how many partitions there are, counted from 0.
    ///   - makeSource: makes an instance that reads the system.
    ///   - write: adds items to a partition of the system, in order.
    public init(
        partitionCount: Int,
        makeSource: @escaping @Sendable () async throws -> any Source,
        write: @escaping @Sendable (_ items: [String], _ partition: Int) async throws -> Void
    ) {
        self.partitionCount = max(1, partitionCount)
        self.makeSource = makeSource
        self.write = write
    }
}
