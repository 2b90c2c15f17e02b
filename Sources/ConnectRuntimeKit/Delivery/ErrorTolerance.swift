// SPDX-License-Identifier: Apache-2.0

/// What is done with a record that is rejected, or that no attempt could deliver.
public struct ErrorTolerance: Sendable, Hashable {
    enum Action: Sendable { case stop, deadLetter, drop }

    /// How much bad data is accepted before the pipeline stops.
    public struct Limit: Sendable, Hashable {
        /// How many bad records are too many.
        public var failures: Int
        /// Among how many records that were settled last.
        public var records: Int

        /// A limit of a number of failures among the last records.
        public init(_ failures: Int, ofLast records: Int) {
            self.failures = failures
            self.records = records
        }
    }

    let action: Action
    /// Stops the pipeline when bad data is the rule.
    public var limit: Limit?

    /// The pipeline stops in front of the record.
    public static let stop = ErrorTolerance(action: .stop)
    /// The record goes to the dead letters, and the pipeline goes on.
    public static let deadLetter = ErrorTolerance(action: .deadLetter)
    /// The record is dropped and counted.
    public static let drop = ErrorTolerance(action: .drop)

    /// The same, until there are too many.
    public func limited(to limit: Limit) -> ErrorTolerance {
        var tolerance = self
        tolerance.limit = limit
        return tolerance
    }
}
