// SPDX-License-Identifier: Apache-2.0

public import CloudEventsCodec
public import Synchronization

/// Looks at single fields of records in memory.
///
/// Asking a record itself copies it first, two references that are counted up and down for each record of each batch; a
/// pointer's field is read where it lies. For the runner, which looks at every record that passes.
extension UnsafePointer where Pointee == ConnectorRecord {
    /// Whether the record ends a unit.
    @inlinable
    package func hasOffset(at index: Int) -> Bool { (self + index).pointee.offsetForm != .none }

    /// See ``ConnectorRecord/heldCount``.
    @inlinable
    package func heldCount(at index: Int) -> Int {
        let record = self + index
        return record.pointee.dataForm == .structured
            ? record.pointee.structuredCount : record.pointee.payload.count
    }

    /// Whether the record's payload is a structured value.
    @inlinable
    package func isStructured(at index: Int) -> Bool { (self + index).pointee.dataForm == .structured }

    /// The buffer that the record's bytes lie in.
    @inlinable
    package func buffer(at index: Int) -> ObjectIdentifier? { (self + index).pointee.payload.bufferIdentity }

    /// Whether the record carries just this partition object.
    @inlinable
    package func isIdentical(to partition: RecordPartition, at index: Int) -> Bool {
        (self + index).pointee.partitionStorage === partition.storage
    }

    /// Whether two records carry the same partition object.
    @inlinable
    package func sharePartition(_ first: Int, _ second: Int) -> Bool {
        (self + first).pointee.partitionStorage === (self + second).pointee.partitionStorage
    }

    /// The partition of the record.
    @inlinable
    package func partition(at index: Int) -> RecordPartition {
        RecordPartition(storage: (self + index).pointee.partitionStorage)
    }

    /// Where a runner may keep the record's partition: a hint that it has to check.
    @inlinable
    package func partitionIndexHint(at index: Int) -> Int {
        (self + index).pointee.partitionStorage?.indexHint.load(ordering: .relaxed) ?? 0
    }

    /// The offset of the record, where it needs no object of its own.
    @inlinable
    package func smallOffset(at index: Int) -> RecordOffset? {
        let record = self + index
        let form = record.pointee.offsetForm
        guard form != .none, !form.isLarge else { return nil }
        return RecordOffset(
            form: form,
            first: record.pointee.offsetFirst,
            second: record.pointee.offsetSecond,
            large: nil
        )
    }

    /// The offset of the record.
    @inlinable
    package func offset(at index: Int) -> RecordOffset? {
        let record = self + index
        let form = record.pointee.offsetForm
        guard form != .none else { return nil }
        return RecordOffset(
            form: form,
            first: record.pointee.offsetFirst,
            second: record.pointee.offsetSecond,
            large: form.isLarge ? record.pointee.details?.largeOffset : nil
        )
    }
}

extension [ConnectorRecord] {
    /// See ``ConnectorRecord/heldCount``: that of all records together.
    package var heldCount: Int {
        withUnsafeBufferPointer { records in
            guard let base = records.baseAddress else { return 0 }
            return records.indices.reduce(0) { $0 + base.heldCount(at: $1) }
        }
    }

    /// See ``ConnectorRecord/heldCount``: that of the records at these places together.
    package func heldCount(of places: some Sequence<Int>) -> Int {
        withUnsafeBufferPointer { records in
            guard let base = records.baseAddress else { return 0 }
            return places.reduce(0) { $0 + base.heldCount(at: $1) }
        }
    }
}
