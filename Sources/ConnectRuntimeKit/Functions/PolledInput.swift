// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// What a poll returned, in its order: records, and input that could not become one.
struct PolledInput: Sendable {
    /// Rejected input is a record of the bytes that were read.
    private(set) var records: [ConnectorRecord] = []
    /// Why those records were rejected that are not what they seem.
    private(set) var rejections: [Int: ConnectorError] = [:]

    init(records: [ConnectorRecord]) { self.records = records }

    init(_ batch: SourceBatch) {
        guard !batch.rejected.isEmpty else {
            records = batch.records
            return
        }
        var rejected = batch.rejected.sorted { $0.index < $1.index }[...]
        for index in 0...batch.records.count {
            while let next = rejected.first, next.index <= index || index == batch.records.count {
                let position = next.position
                append(
                    ConnectorRecord(.bytes(next.bytes), partition: position.partition, offset: position.offset),
                    next.error
                )
                rejected.removeFirst()
            }
            if index < batch.records.count { append(batch.records[index], nil) }
        }
    }

    mutating func append(_ record: ConnectorRecord, _ rejection: ConnectorError?) {
        if let rejection { rejections[records.count] = rejection }
        records.append(record)
    }
}
