// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// A step between source and sinks: filters, transforms, routes or splits records.
public protocol RecordFunction: Sendable {
    /// What becomes of one record.
    ///
    /// An error concerns that record alone: it is tried again where its code is `retryable`, `throttled` or
    /// `notConnected`, and else goes the way of a rejected record. Called for one record at a time, in the order of their partitions.
    func apply(_ record: ConnectorRecord) async throws -> FunctionResult
}

/// What a function made of a record.
public struct FunctionResult: Sendable {
    /// One of the records that a function made.
    public struct Part: Sendable {
        /// The record.
        public var record: ConnectorRecord
        /// The names of the sinks it is meant for, or `nil` for all of them.
        public var sinks: [String]?

        /// A record for some sinks, or for all.
        public init(_ record: ConnectorRecord, for sinks: [String]? = nil) {
            self.record = record
            self.sinks = sinks
        }
    }

    enum Storage: Sendable {
        /// The usual case, without an array.
        case one(ConnectorRecord)
        case parts([Part])
    }

    let storage: Storage

    /// In their order; none where the record is filtered out.
    public var parts: [Part] {
        switch storage {
        case .one(let record): [Part(record)]
        case .parts(let parts): parts
        }
    }

    private init(_ storage: Storage) { self.storage = storage }

    /// A record became these parts.
    public init(_ parts: [Part]) { storage = .parts(parts) }

    /// The record goes on, changed or not.
    public static func record(_ record: ConnectorRecord) -> FunctionResult { FunctionResult(.one(record)) }
    /// The record is filtered out: it counts as settled.
    public static let filtered = FunctionResult(.parts([]))
    /// The record became several, which commit together.
    public static func split(_ records: [ConnectorRecord]) -> FunctionResult {
        FunctionResult(records.map { Part($0) })
    }
    /// The record goes to the sinks with these names only.
    public static func route(_ record: ConnectorRecord, to sinks: [String]) -> FunctionResult {
        FunctionResult([Part(record, for: sinks)])
    }
}

extension [FunctionResult.Part] {
    /// The part with a number: one of several has an id that tells them apart.
    func part(_ number: Int) -> FunctionResult.Part {
        var part = self[number]
        if count > 1, part.record.id == nil { part.record.becomePart(number) }
        return part
    }
}

/// A function written in place.
public struct InlineFunction: RecordFunction {
    private let body: @Sendable (ConnectorRecord) async throws -> FunctionResult
    let synchronousForm: (any SynchronousFunction)?

    /// A function with that body.
    public init(_ body: @escaping @Sendable (ConnectorRecord) async throws -> FunctionResult) {
        self.body = body
        synchronousForm = nil
    }

    /// A function with a body that waits for nothing.
    public init(synchronous body: @escaping @Sendable (ConnectorRecord) throws -> FunctionResult) {
        self.body = body
        synchronousForm = SynchronousInlineFunction(body: body)
    }

    fileprivate init(_ filter: InlineFilter) {
        body = { try filter.apply($0) }
        synchronousForm = filter
    }

    /// What the body makes of the record.
    public func apply(_ record: ConnectorRecord) async throws -> FunctionResult { try await body(record) }
}

extension InlineFunction: PossiblySynchronous {}

extension RecordFunction where Self == InlineFunction {
    /// Lets through only the records for which the condition holds.
    public static func filter(_ condition: @escaping @Sendable (ConnectorRecord) throws -> Bool) -> InlineFunction {
        InlineFunction(InlineFilter(condition: condition))
    }

    /// Changes each record.
    public static func map(_ change: @escaping @Sendable (ConnectorRecord) throws -> ConnectorRecord) -> InlineFunction
    {
        InlineFunction(synchronous: { .record(try change($0)) })
    }

    /// Makes several records of each, or none.
    public static func split(_ parts: @escaping @Sendable (ConnectorRecord) throws -> [ConnectorRecord])
        -> InlineFunction
    {
        InlineFunction(synchronous: { .split(try parts($0)) })
    }

    /// Chooses the sinks of each record by their names.
    public static func route(_ sinks: @escaping @Sendable (ConnectorRecord) throws -> [String]) -> InlineFunction {
        InlineFunction(synchronous: { .route($0, to: try sinks($0)) })
    }
}
