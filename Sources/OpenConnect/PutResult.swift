// SPDX-License-Identifier: Apache-2.0

/// What became of the records of one put.
public struct PutResult: Sendable {
    /// The verdict of one record that was not simply delivered.
    public struct Entry: Sendable {
        /// The index of the record in the batch.
        public let index: Int
        /// What became of it.
        public let verdict: RecordVerdict
    }

    /// In ascending order of the index; every record that is not listed was delivered.
    public let exceptions: [Entry]

    init(exceptions: [Entry]) {
        self.exceptions = exceptions
    }

    /// Every record was delivered. Costs no allocation.
    public static let delivered = PutResult(exceptions: [])

    /// Verdicts by index of the record in the batch; a record that is not named was delivered.
    public static func verdicts(_ verdicts: [Int: RecordVerdict]) -> PutResult {
        PutResult(
            exceptions: verdicts.filter { $0.value.kind != .delivered }.sorted { $0.key < $1.key }
                .map { Entry(index: $0.key, verdict: $0.value) }
        )
    }

    /// Everything before `index` was delivered, the record at `index` has the verdict, and nothing behind it was tried.
    public static func stopped(at index: Int, of count: Int, _ verdict: RecordVerdict) -> PutResult {
        let rest = (index + 1)..<Swift.max(count, index + 1)
        return PutResult(
            exceptions: [Entry(index: index, verdict: verdict)] + rest.map { Entry(index: $0, verdict: .notTried) }
        )
    }

    /// Whether every record was delivered.
    public var isDelivered: Bool { exceptions.isEmpty }
}

/// A sink's word on one record.
public struct RecordVerdict: Sendable {
    package enum Kind { case delivered, retry, reject, drop, notTried }
    package let kind: Kind
    /// For a retry: the least time to wait before the next attempt.
    public let delay: Duration?
    /// For a rejection or a retry: the reason.
    public let error: ConnectorError?

    private init(_ kind: Kind, delay: Duration? = nil, error: ConnectorError? = nil) {
        self.kind = kind
        self.delay = delay
        self.error = error
    }

    /// The record was accepted.
    public static let delivered = RecordVerdict(.delivered)
    /// The record was not tried, because an earlier one of its lane failed; this costs it no attempt.
    public static let notTried = RecordVerdict(.notTried)
    /// The record is not wanted; it counts as dropped.
    public static let drop = RecordVerdict(.drop)
    /// The record failed in a way that may pass.
    public static func retry(_ error: ConnectorError? = nil, after delay: Duration? = nil) -> RecordVerdict {
        RecordVerdict(.retry, delay: delay, error: error)
    }
    /// The record will never be accepted; it goes to the dead letters with the reason.
    public static func reject(_ error: ConnectorError) -> RecordVerdict {
        RecordVerdict(.reject, error: error)
    }
}
