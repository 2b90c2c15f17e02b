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
    /// - Throws: where nothing was delivered because of an outage, or of what only a change of settings or rights mends.
    func result() throws -> PutResult {
        let failures = reports.failures
        if failures.isEmpty, unsent.isEmpty { return .delivered }
        var verdicts = unsent
        var outage: ConnectorError?
        for (index, code) in failures {
            let error = KafkaFailure(code).error("the message was not delivered")
            if error.code == .invalidConfiguration { throw error }
            if error.code == .notConnected { outage = error }
            verdicts[index] = error.verdict
        }
        if let outage, verdicts.count == count { throw outage }
        return .verdicts(verdicts)
    }
}

extension ConnectorError {
    /// What is said of one record that met this.
    var verdict: RecordVerdict { code == .invalidRecord ? .reject(self) : .retry(self) }
}
