// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension PostgresChangeSource {
    private var reader: SnapshotReader {
        SnapshotReader(options: options, connection: connection, partition: partition)
    }

    /// Opens the transaction that sees the snapshot; without a name a new one.
    func beginSnapshot(_ name: String?) async throws {
        try await connection.open()
        try await reader.begin(name)
        isSnapshotOpen = true
    }

    /// The next rows, or the end of the snapshot.
    func snapshot(
        _ request: PollRequest,
        _ start: LogPosition,
        _ first: Int,
        _ firstKey: [String]
    ) async throws -> SourceBatch {
        if await !connection.isOpen { isSnapshotOpen = false }
        if !isSnapshotOpen { try await beginSnapshot(nil) }
        var (table, key) = (first, firstKey)
        while table < options.tables.count {
            let limit = max(1, min(request.maxRecords, options.fetchSize))
            let chunk = try await reader.rows(start, table, behind: key, limit: limit)
            if let batch = try await batch(of: chunk, request, start, table) { return batch }
            (table, key) = (table + 1, [])
            place = .snapshot(start: start, table: table, key: key)
        }
        await endSnapshot(start)
        return SourceBatch(progress: [RecordPosition(partition: partition, offset: ChangePlace.log(start).offset)])
    }

    private func batch(
        of chunk: SnapshotReader.Chunk,
        _ request: PollRequest,
        _ start: LogPosition,
        _ table: Int
    ) async throws -> SourceBatch? {
        var bytes = 0
        let fitting = chunk.records.prefix { record in
            bytes += record.data.bytes.count
            return bytes <= request.maxBytes
        }
        var records = Array(chunk.records.prefix(max(1, fitting.count)))
        guard let last = records.last?.offset else { return nil }
        if chunk.isLast, records.count == chunk.records.count, table + 1 == options.tables.count {
            records[records.count - 1].offset = ChangePlace.log(start).offset
            await endSnapshot(start)
        } else {
            place = try ChangePlace(last)
        }
        return SourceBatch(records)
    }

    private func endSnapshot(_ start: LogPosition) async {
        // A transaction that stayed open would hold up whoever cleans up, and changes of the tables' form.
        await connection.close()
        place = .log(start)
    }
}
