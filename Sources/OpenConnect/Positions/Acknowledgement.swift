// SPDX-License-Identifier: Apache-2.0

/// How a record was settled.
public struct RecordOutcome: Sendable, Hashable, CustomStringConvertible {
    /// The name of the outcome.
    public let description: String

    private init(_ name: String) { description = name }

    /// Every sink it was meant for has accepted it and made it durable.
    public static let delivered = RecordOutcome("delivered")
    /// A function decided that it goes nowhere.
    public static let filtered = RecordOutcome("filtered")
    /// It was rejected and is safe in the dead letters.
    public static let deadLettered = RecordOutcome("dead-lettered")
    /// It was dropped by verdict or by policy.
    public static let dropped = RecordOutcome("dropped")
}

/// The outcome of one record of an ``AcknowledgingSource``.
public struct Acknowledgement: Sendable {
    /// The token of the record: the partition and offset that it was polled with.
    public let position: RecordPosition
    /// What became of the record.
    public let outcome: RecordOutcome
    /// Why it was not delivered.
    public let error: ConnectorError?

    /// The outcome of the record at a position.
    public init(position: RecordPosition, outcome: RecordOutcome, error: ConnectorError? = nil) {
        self.position = position
        self.outcome = outcome
        self.error = error
    }
}
