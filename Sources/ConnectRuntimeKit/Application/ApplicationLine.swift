// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// What an application says of itself, and not of one of its pipelines, as a line of its log.
struct ApplicationLine {
    /// What happened, by a name that does not change.
    enum Kind: String {
        /// The command failed: `application.failed`.
        case failed = "application.failed"
        /// The process ends without the end of its run: `application.abandoned`.
        case abandoned = "application.abandoned"
    }

    let application: String
    let kind: Kind
    let message: String
    let status: ApplicationStatus
    var time = RecordTimestamp.now

    func text(_ format: LogLine.Format) -> String {
        switch format {
        case .text: "\(application): \(message)"
        case .json: json
        }
    }

    /// `time`, `level`, `application`, `event`, `message`, and the `status` of the process.
    private var json: String {
        LogLine.json([
            "time": .string(time.inLog), "level": .string(ConnectorEvent.Level.error.description),
            "application": .string(application), "event": .string(kind.rawValue), "message": .string(message),
            "status": .integer(Int64(status.code)),
        ])
    }
}
