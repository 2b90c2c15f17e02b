// SPDX-License-Identifier: Apache-2.0

public import Synchronization

/// An independent ordered stream inside a source: a file, a table, a topic partition.
///
/// Two partitions are equal when their names are. A source makes each of its partitions once and gives that value to
/// all of its records: copies share one object, and a runner recognizes it without comparing names.
public struct RecordPartition: Sendable {
    @usableFromInline let storage: RecordPartitionStorage?

    /// The partition of a source that has just one.
    public static let single = RecordPartition(storage: nil)

    @inlinable
    init(storage: RecordPartitionStorage?) {
        self.storage = storage
    }

    /// A partition with a name that is unique within its source and stays the same over restarts.
    ///
    /// - Parameters:
    ///   - name: the identity of the partition; an empty name is ``single``.
    ///   - defaults: what the records of the partition have in common.
    public init(_ name: String, defaults: RecordDefaults? = nil) {
        storage = name.isEmpty && defaults == nil ? nil : RecordPartitionStorage(name: name, defaults: defaults)
    }

    /// The name; empty for ``single``.
    public var name: String { storage?.name ?? "" }

    /// What the records of the partition have in common.
    public var defaults: RecordDefaults? { storage?.defaults }

    /// Whether both are copies of one value; equal partitions need not be.
    @inlinable
    package func isIdentical(to other: RecordPartition) -> Bool { storage === other.storage }

    /// A place for a runner to remember at which index it keeps this partition; a hint that it has to check.
    @inlinable
    package var indexHint: Int {
        get { storage?.indexHint.load(ordering: .relaxed) ?? 0 }
        nonmutating set { storage?.indexHint.store(newValue, ordering: .relaxed) }
    }
}

@usableFromInline
final class RecordPartitionStorage: Sendable {
    let name: String
    let defaults: RecordDefaults?
    @usableFromInline let hasContentType: Bool
    @usableFromInline let indexHint = Atomic<Int>(0)

    init(name: String, defaults: RecordDefaults?) {
        self.name = name
        self.defaults = defaults
        hasContentType = defaults?.contentType != nil
    }
}

extension RecordPartition: Hashable {
    /// Whether the names are the same, byte by byte.
    @inlinable
    public static func == (left: RecordPartition, right: RecordPartition) -> Bool {
        left.storage === right.storage || left.hasSameName(as: right)
    }

    @usableFromInline
    func hasSameName(as other: RecordPartition) -> Bool { name.hasSameBytes(as: other.name) }

    /// Hashes the name.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(name)
    }
}

extension RecordPartition: CustomStringConvertible {
    /// The name in quotes, or `the only partition`.
    public var description: String { name.isEmpty ? "the only partition" : "\"\(name)\"" }
}
