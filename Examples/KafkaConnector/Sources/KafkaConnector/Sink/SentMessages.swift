// SPDX-License-Identifier: Apache-2.0

import CRdKafka
import OpenConnect

/// The messages of one put, once all that can be sent are on their way.
struct SentMessages: Sendable {
    /// How many records the put has.
    let count: Int
    let reports: PutReports
    /// Verdicts of records that were not sent.
    let unsent: [Int: RecordVerdict]
    /// Lanes of which something was not sent.
    let stoppedLanes: Set<RecordLane>

    /// What became of the records, once all messages are reported.
    ///
    /// - Throws: where nothing was delivered because of an outage, or of what only a change of settings or rights mends; and
    ///   `invalidRecord` where nothing was since a broker refused a batch: some of the records may be put by themselves.
    func result() throws -> PutResult {
        let failures = reports.failures
        if failures.isEmpty, unsent.isEmpty { return .delivered }
        var verdicts = unsent
        var (outage, refusal): (ConnectorError?, ConnectorError?)
        for (index, failure) in failures {
            let error = failure.error
            if error.code == .invalidConfiguration { throw error }
            if error.code == .notConnected { outage = error }
            if failure.isOfItsBatch { refusal = error }
            verdicts[index] = error.verdict
        }
        if let refusal { return try undecided(failures, refusal) }
        if let outage, verdicts.count == count { throw outage }
        return .verdicts(verdicts)
    }

    /// A batch was refused, of which one message may be the reason: fewer are put at once until that shows.
    private func undecided(_ failures: [Int: PutReports.Failure], _ refusal: ConnectorError) throws -> PutResult {
        // What was delivered must not be put again: where something was, the next put is a smaller one anyway.
        if count > 1, failures.count + unsent.count == count { throw refusal }
        let verdicts = failures.mapValues { failure in
            failure.isAlone && failure.isRefusal ? failure.error.verdict : .notTried
        }
        return .verdicts(unsent.merging(verdicts) { first, _ in first })
    }

    /// Whether the only message was refused with those of other puts.
    var isUndecided: Bool { count == 1 && reports.failures[0]?.isOfItsBatch == true }
}

extension PutReports.Failure {
    fileprivate var error: ConnectorError { KafkaFailure(code).error("the message was not delivered") }
    fileprivate var isRefusal: Bool { KafkaFailure(code).isRefusal }
    /// Whether another message of its batch may be the reason.
    fileprivate var isOfItsBatch: Bool { isRefusal && !isAlone }
}

extension ConnectorError {
    /// What is said of one record that met this.
    var verdict: RecordVerdict { code == .invalidRecord ? .reject(self) : .retry(self) }
}
