// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// A function that waits for nothing.
///
/// The runtime applies it to a whole batch without suspending, which takes a small part of the time of an asynchronous
/// call for each record. What waits, for a service or for a file, is a plain ``RecordFunction``: nothing else of the
/// pipeline goes on, and no stop is noticed, while this one works.
public protocol SynchronousFunction: RecordFunction {
    /// What becomes of one record, as ``RecordFunction/apply(_:)`` says it.
    func apply(_ record: ConnectorRecord) throws -> FunctionResult
}

/// A function that is synchronous or not by what it was made of.
protocol PossiblySynchronous: RecordFunction {
    /// The same function, where nothing that it was made of waits.
    var synchronousForm: (any SynchronousFunction)? { get }
}

extension RecordFunction {
    /// The function as one that waits for nothing, where it is one.
    var asSynchronous: (any SynchronousFunction)? {
        (self as? any SynchronousFunction) ?? (self as? any PossiblySynchronous)?.synchronousForm
    }
}

/// A function that lets records through or not, and never changes one.
protocol FilteringFunction: SynchronousFunction {
    /// Whether a record goes on.
    func keeps(_ record: ConnectorRecord) throws -> Bool
}

extension FilteringFunction {
    func apply(_ record: ConnectorRecord) throws -> FunctionResult {
        try keeps(record) ? .record(record) : .filtered
    }
}

/// A filter written in place.
struct InlineFilter: FilteringFunction {
    let condition: @Sendable (ConnectorRecord) throws -> Bool

    func keeps(_ record: ConnectorRecord) throws -> Bool { try condition(record) }
}

/// Filters one after the other.
struct FilterSeries: FilteringFunction {
    let filters: [any FilteringFunction]

    func keeps(_ record: ConnectorRecord) throws -> Bool { try filters.allSatisfy { try $0.keeps(record) } }
}

/// A synchronous function written in place.
struct SynchronousInlineFunction: SynchronousFunction {
    let body: @Sendable (ConnectorRecord) throws -> FunctionResult

    func apply(_ record: ConnectorRecord) throws -> FunctionResult { try body(record) }
}
