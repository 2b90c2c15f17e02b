// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// Reads one table, in the order of its cursor.
actor TableReader: PartitionReader {
    private let partition: RecordPartition
    private let options: TableSourceOptions
    private let connection: PostgresConnection
    private let cursor: TableCursor
    private let clock: ConnectorClock
    /// Behind the last row that was read.
    private var place: [String]?
    /// Rows that were read and not yet returned, whole units of them.
    private var rows: ArraySlice<[String?]> = []
    /// How large the rows are on average.
    private var rowSize = 1000
    /// Whether the next row has the key of the one before.
    private var isWithinUnit = false
    private var tie = TiedRows()
    /// Rows of the present unit that cannot become records.
    private var flawed = FlawedRows()
    private var horizon = TableHorizon()
    /// Whether everything up to the horizon is read.
    private var isDrained = true

    init(
        _ partition: RecordPartition,
        _ cursor: TableCursor,
        _ options: TableSourceOptions,
        _ connection: PostgresConnection,
        from offset: RecordOffset?,
        clock: ConnectorClock
    ) throws {
        self.partition = partition
        self.cursor = cursor
        self.options = options
        self.connection = connection
        self.clock = clock
        place = try offset.map { try cursor.place($0) }
    }

    private var task: String { "reading \(cursor.table)" }

    func poll(_ request: PollRequest) async throws -> SourceBatch {
        while true {
            try Task.checkCancellation()
            if rows.isEmpty {
                if isDrained { try await lookAhead() }
                try await read(request)
            }
            let batch = take(request)
            if !batch.records.isEmpty || !batch.rejected.isEmpty { return batch }
            guard rows.isEmpty else { continue }
            if options.ends, !horizon.isWaiting { return .end }
            try await clock.sleep(for: options.interval)
        }
    }

    /// Reads the next rows up to the horizon.
    private func read(_ request: PollRequest) async throws {
        guard let end = horizon.end else { return }
        let fitting = request.maxBytes / max(1, rowSize)
        let limit = max(1, min(request.maxRecords, options.fetchSize, fitting))
        let found = try await run([cursor.rows(behind: place, upTo: end, limit: limit)])[0].rows
        try cursor.check(found, limit: limit)
        isDrained = found.count < limit
        guard let last = found.last else { return }
        place = Self.key(last)
        rowSize = found.reduce(0) { $0 + ($1[0]?.utf8.count ?? 0) } / found.count
        rows = found[...]
    }

    private func lookAhead() async throws {
        // In this order: whoever begins after the first has a higher key than what it has read.
        let running = TableHorizon.running(options.effectiveHorizon, cursor.table)
        var results = try await run(cursor.isByTime ? [cursor.end] : [cursor.end, running])
        if cursor.isByTime {
            // The server's time, hence not the clock's; and not in the server: other tables are read on the connection.
            try await Task.sleep(for: TableHorizon.beginning)
            results += try await run([running])
        }
        let transactions = results[1].rows.compactMap { $0.first ?? nil }
        horizon.note(end: results[0].rows.first?.first ?? nil, running: Set(transactions))
    }

    private func run(_ statements: [PostgresStatement]) async throws -> [PostgresResult] {
        do {
            try await connection.open()
            return try await connection.runOnPrimary(statements, task)
        } catch let failure as PostgresFailure {
            throw failure.error(task)
        }
    }

    private static func key(_ row: [String?]) -> [String] { row.dropFirst().map { $0 ?? "" } }

    /// The records of the next rows, as many as were asked for. Rows of one key are a unit, which may be divided.
    private func take(_ request: PollRequest) -> SourceBatch {
        var batch = SourceBatch()
        var (count, bytes) = (0, 0)
        while let row = rows.first, count < request.maxRecords {
            let text = SharedBytes(utf8: row[0] ?? "null")
            count += 1
            bytes += text.count
            if bytes > request.maxBytes, count > 1 { break }
            rows.removeFirst()
            add(text, Self.key(row), to: &batch)
        }
        return batch
    }

    /// What is rejected of a unit comes last and as one, so that the unit is committed as a whole.
    private func add(_ text: SharedBytes, _ key: [String], to batch: inout SourceBatch) {
        let isLast = rows.first.map(Self.key) != key
        defer { isWithinUnit = !isLast }
        do {
            var record = ConnectorRecord(try .json(text), partition: partition)
            if isLast, flawed.isEmpty { record.offset = cursor.offset(key) }
            if !isLast || isWithinUnit { record.id = tie.id(of: text, key, partition) }
            batch.records.append(record)
        } catch {
            flawed.add(text, error)
        }
        guard isLast, !flawed.isEmpty else { return }
        let position = RecordPosition(partition: partition, offset: cursor.offset(key))
        batch.rejected.append(flawed.take(at: batch.records.count, position, of: cursor.table))
    }
}

extension TableSourceOptions {
    var effectiveHorizon: Horizon { horizon ?? (timestamp == nil ? .writers : .transactions) }
}
