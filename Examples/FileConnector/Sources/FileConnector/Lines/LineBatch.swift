// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// The batch of a poll while it is gathered, and the limits it has to keep.
struct LineBatch {
    /// How much of a line that is too long goes with its rejection.
    static let rejectedSample = 1024

    var records: [ConnectorRecord] = []
    var rejected: [RejectedInput] = []
    var progress: [RecordPosition] = []
    /// The bytes of the records so far.
    var bytes = 0
    let maxRecords: Int
    let maxBytes: Int
    let maxLineBytes: Int

    init(maxRecords: Int, maxBytes: Int = .max, maxLineBytes: Int) {
        self.maxRecords = max(maxRecords, 1)
        self.maxBytes = max(maxBytes, 1)
        self.maxLineBytes = maxLineBytes
    }

    var isEmpty: Bool { records.isEmpty && rejected.isEmpty && progress.isEmpty }

    /// Whether another line may be added.
    var hasRoom: Bool { records.count + rejected.count < maxRecords && bytes < maxBytes }

    /// Whether a line of this length may be added; one that alone is larger than the limit may be.
    func fits(_ length: Int) -> Bool { hasRoom && (bytes == 0 || length <= maxBytes - bytes) }

    /// Adds records of so many bytes together.
    mutating func add(_ more: [ConnectorRecord], bytes: Int) {
        if records.isEmpty { records = more } else { records += more }
        self.bytes += bytes
    }

    /// Adds a line that is longer than allowed.
    mutating func reject(_ length: Int64, sample: SharedBytes, position: RecordPosition) {
        let error = ConnectorError(
            .invalidRecord,
            "a line of \(length) bytes is longer than the limit of \(maxLineBytes) (`maxLineBytes`); shorten it in the input, "
                + "or read it with a higher limit",
            position: position
        )
        let bytes = sample.slice(0..<min(sample.count, Self.rejectedSample)).detached()
        rejected.append(RejectedInput(at: records.count, position: position, error: error, bytes: bytes))
    }
}
