// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// Lets through only the records for which a condition holds.
///
/// A record for which the condition throws is rejected: it goes the way of any bad record.
public struct RecordFilter: SynchronousFunction {
    /// What has to hold.
    public let condition: any RecordCondition

    /// A filter by a condition.
    public init(_ condition: any RecordCondition) { self.condition = condition }

    /// The record, or nothing where the condition does not hold.
    public func apply(_ record: ConnectorRecord) throws -> FunctionResult {
        try condition.holds(for: record) ? .record(record) : .filtered
    }
}

extension RecordFilter: FilteringFunction {
    func keeps(_ record: ConnectorRecord) throws -> Bool { try condition.holds(for: record) }
}

extension RecordFunction where Self == RecordFilter {
    /// Lets through only the records for which a condition holds: `.filter(.sql("EXISTS subject"))`.
    public static func filter(_ condition: some RecordCondition) -> RecordFilter { RecordFilter(condition) }
}
