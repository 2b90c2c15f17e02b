// SPDX-License-Identifier: Apache-2.0

// A source that reads a table in batches and deletes what is committed.

// snippet.show
import OpenConnect

/// The table that the source reads: rows with ascending numbers.
protocol Outbox: Sendable {
    func rows(after id: Int64, limit: Int) async throws -> [(id: Int64, payload: String)]
    func deleteRows(upTo id: Int64) async throws
}

actor OutboxSource: CommittingSource {
    private let outbox: any Outbox
    private var clock = ConnectorClock.continuous
    private var last: Int64 = 0

    init(_ outbox: any Outbox) {
        self.outbox = outbox
    }

    func start(_ context: ConnectorContext) async throws {
        clock = context.clock
        last = try await context.offset(of: .single)?.sequence ?? 0
    }

    func poll(_ request: PollRequest) async throws -> SourceBatch {
        while true {
            let rows = try await outbox.rows(after: last, limit: request.maxRecords)
            if let newest = rows.last {
                last = newest.id
                return SourceBatch(rows.map { ConnectorRecord(.text($0.payload), offset: RecordOffset($0.id)) })
            }
            try await clock.sleep(for: .milliseconds(100))
        }
    }

    func commit(_ positions: [RecordPosition]) async throws {
        guard let id = positions.first?.offset.sequence else { return }
        try await outbox.deleteRows(upTo: id)
    }
}
