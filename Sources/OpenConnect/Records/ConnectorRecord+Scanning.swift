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

    /// Writes the offset of the record over another one, where neither needs an object: so no reference is counted.
    ///
    /// - Returns: whether that was so; otherwise nothing is written.
    @inlinable
    package func overwriteSmallOffset(_ offset: inout RecordOffset, at index: Int) -> Bool {
        let record = self + index
        let form = record.pointee.offsetForm
        guard form != .none, !form.isLarge, offset.large == nil else { return false }
        offset.form = form
        offset.first = record.pointee.offsetFirst
        offset.second = record.pointee.offsetSecond
        return true
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

/// Looks at many records, one after the other.
extension UnsafePointer where Pointee == ConnectorRecord {
    /// See ``ConnectorRecord/heldCount``: that of the records from one index up to another together.
    @usableFromInline
    func heldCount(from start: Int, to end: Int) -> Int { (start..<end).reduce(0) { $0 + heldCount(at: $1) } }

    /// The records from `start` on that carry the same partition object: where they end, and what they hold.
    ///
    /// Each record that passes a pipeline is looked at here. The loop has one branch for what may differ from record to
    /// record, the partition; a run with structured values in it, which are rare, is looked at once more.
    @inlinable
    @inline(__always)
    package func scanRun(from start: Int, count: Int) -> (end: Int, bytes: Int) {
        let partition = partitionAddress(at: start)
        var end = start
        var bytes = 0
        var structured = 0
        repeat {
            bytes &+= (self + end).pointee.payload.count
            structured &+= isStructured(at: end) ? 1 : 0
            end &+= 1
        } while end < count && partitionAddress(at: end) == partition
        return (end, structured == 0 ? bytes : heldCount(from: start, to: end))
    }

    /// The last of the records from one index up to another that ends a unit.
    @inlinable
    package func lastUnitEnd(from start: Int, to end: Int) -> Int? {
        var index = end
        while index > start {
            index &-= 1
            if hasOffset(at: index) { return index }
        }
        return nil
    }

    /// Compared as a number, which has no case of its own for the only partition of a source.
    @inlinable
    func partitionAddress(at index: Int) -> UInt {
        unsafeBitCast((self + index).pointee.partitionStorage, to: UInt.self)
    }
}

extension [ConnectorRecord] {
    /// See ``ConnectorRecord/heldCount``: that of all records together.
    package var heldCount: Int {
        withUnsafeBufferPointer { records in
            guard let base = records.baseAddress else { return 0 }
            return base.heldCount(from: 0, to: records.count)
        }
    }

    /// See ``ConnectorRecord/heldCount``: that of the records at these places together.
    @inlinable
    package func heldCount(of places: some Sequence<Int>) -> Int {
        withUnsafeBufferPointer { records in
            guard let base = records.baseAddress else { return 0 }
            return places.reduce(0) { $0 + base.heldCount(at: $1) }
        }
    }
}
