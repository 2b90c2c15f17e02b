// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Gives records that are there already.
actor MemorySource: Source {
    private let records: [ConnectorRecord]
    private var next = 0

    init(_ records: [ConnectorRecord]) { self.records = records }

    func poll(_ request: PollRequest) async throws -> SourceBatch {
        if next == records.count { return .end }
        let end = min(records.count, next + request.maxRecords)
        defer { next = end }
        return SourceBatch(Array(records[next..<end]))
    }
}
