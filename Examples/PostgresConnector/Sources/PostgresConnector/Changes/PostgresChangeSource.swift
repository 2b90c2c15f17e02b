// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// Reads every change of tables from the server's log, by logical replication with the plugin `pgoutput`.
///
/// First the rows that are there, in the snapshot that belongs to the slot's beginning, then what was committed since, in the
/// order of the commits. The records of a transaction are a unit. The type of a record says what happened: its last part is
/// `snapshot`, `insert`, `update`, `delete` or `truncate`; the subject is the table, the data the new row, the key its
/// replica identity. Large values that an update did not change are left out of its row.
///
/// The slot is moved on when records are committed, and only then; the server is told so again while polling rests. A snapshot
/// that was cut off goes on by key in a new one: what changed meanwhile comes again from the log, so the target has to take
/// rows by key.
public actor PostgresChangeSource: CommittingSource {
    private let options: ChangeSourceOptions
    private let partition: RecordPartition
    private let connection: PostgresConnection
    private let stream: PostgresConnection
    private var assembler: ChangeAssembler
    private var place: ChangePlace?
    private var isSnapshotOpen = false
    private var isStreaming = false
    /// Everything before is received; everything before the second is committed.
    private var received = LogPosition(0)
    private var committed = LogPosition(0)
    private var isStopped = false
    private var clock = ConnectorClock.continuous

    /// How far the log may go on without a record before the position is moved.
    private static let markDistance: UInt64 = 1 << 20

    /// A source of changes.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError`` with the code `invalidConfiguration` for a connection string, or the name of
    ///   a table, that cannot be read.
    public init(_ address: PostgresAddress, options: ChangeSourceOptions) throws {
        self.options = options
        for table in options.tables { _ = try TableName(table) }
        partition = RecordPartition(options.slot)
        assembler = ChangeAssembler(partition)
        var target = try address.target()
        connection = PostgresConnection(target)
        target.set("replication", "database")
        stream = PostgresConnection(target)
    }

    private var task: String { "reading the slot \"\(options.slot)\"" }

    /// Connects, makes slot and publication where that was asked for, and finds out where to begin.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError``: `corruptOffsets` where the slot has no longer what follows the stored
    ///   offset; `invalidConfiguration`; `notConnected`.
    public func start(_ context: ConnectorContext) async throws {
        clock = context.clock
        let stored = try await context.offset(of: partition)
        try await mapping {
            try await connection.open()
            let start = SlotStart(options: options, connection: connection, stream: stream)
            let (place, snapshot) = try await start.place(after: stored)
            self.place = place
            if case .snapshot = place { try await beginSnapshot(snapshot) }
            if case .log(let position) = place { committed = position }
        }
        let interval = options.statusInterval
        context.addTask(named: "status") { [weak self] in
            while !Task.isCancelled {
                try? await context.clock.sleep(for: interval)
                await self?.sendStatus()
            }
        }
    }

    /// Closes both connections.
    public func stop() async {
        isStopped = true
        await connection.close()
        await stream.close()
    }

    /// The next rows of the snapshot, or the next changes.
    public func poll(_ request: PollRequest) async throws -> SourceBatch {
        try await mapping {
            if case .snapshot(let start, let table, let key)? = place {
                return try await snapshot(request, start, table, key)
            }
            return try await changes(request)
        }
    }

    /// Has the server forget what comes before the newest position.
    public func commit(_ positions: [RecordPosition]) async throws {
        for position in positions where position.partition == partition {
            if case .log(let place) = try ChangePlace(position.offset) { committed = max(committed, place) }
        }
        await sendStatus()
    }

    private func mapping<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch let failure as PostgresFailure {
            throw failure.error(task)
        }
    }
}

// MARK: The snapshot

extension PostgresChangeSource {
    private var reader: SnapshotReader {
        SnapshotReader(options: options, connection: connection, partition: partition)
    }

    private func beginSnapshot(_ name: String?) async throws {
        try await connection.open()
        try await reader.begin(name)
        isSnapshotOpen = true
    }

    private func snapshot(
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
            var records = try await reader.rows(start, table, behind: key, limit: limit)
            var bytes = 0
            let fitting = records.prefix { record in
                bytes += record.data.bytes.count
                return bytes <= request.maxBytes
            }
            if fitting.count < records.count { records = Array(records.prefix(max(1, fitting.count))) }
            if let last = records.last?.offset {
                place = try ChangePlace(last)
                return SourceBatch(records)
            }
            (table, key) = (table + 1, [])
            place = .snapshot(start: start, table: table, key: key)
        }
        await connection.close()
        place = .log(start)
        committed = max(committed, start)
        return SourceBatch(progress: [RecordPosition(partition: partition, offset: ChangePlace.log(start).offset)])
    }
}

// MARK: The log

extension PostgresChangeSource {
    private func changes(_ request: PollRequest) async throws -> SourceBatch {
        if await !stream.isOpen { isStreaming = false }
        if !isStreaming { try await beginStream() }
        while assembler.records.isEmpty {
            if let mark = try await receive(request) {
                return SourceBatch(progress: [
                    RecordPosition(partition: partition, offset: ChangePlace.log(mark).offset)
                ])
            }
            if assembler.records.isEmpty { try await stream.streamReady(task) }
        }
        let records = assembler.take(request)
        if let last = records.last(where: { $0.offset != nil })?.offset { place = try ChangePlace(last) }
        return SourceBatch(records)
    }

    private func beginStream() async throws {
        guard case .log(let position)? = place else { return }
        assembler.reconnect()
        await connection.close()
        try await stream.open()
        let slot = SQL.identifier(options.slot)
        let publication = options.publication.split(separator: "'", omittingEmptySubsequences: false).joined(
            separator: "''"
        )
        let names = SQL.identifier(publication)
        let command =
            "START_REPLICATION SLOT \(slot) LOGICAL \(position) (proto_version '1', publication_names '\(names)')"
        // The server takes a moment to notice that a predecessor's connection is gone.
        for attempt in 0... {
            do {
                _ = try await stream.command(command, task)
                isStreaming = true
                return
            } catch let failure as PostgresFailure where failure.state == "55006" && attempt < 20 {
                try await clock.sleep(for: .milliseconds(50))
            }
        }
    }

    /// Takes what has arrived, up to what was asked for.
    ///
    /// - Returns: a position behind which nothing was worth a record.
    private func receive(_ request: PollRequest) async throws -> LogPosition? {
        while assembler.records.count < request.maxRecords, assembler.bytes < request.maxBytes,
            let message = try await stream.streamMessage(task)
        {
            var reader = LogReader(message)
            var mark: LogPosition?
            switch try reader.byte() {
            case UInt8(ascii: "w"):
                let start: UInt64 = try reader.number()
                _ = try reader.bytes(16)
                received = max(received, LogPosition(start))
                mark = try assembler.note(LogMessage(Array(try reader.bytes(reader.count))))
            case UInt8(ascii: "k"):
                let end = LogPosition(try reader.number())
                _ = try reader.bytes(8)
                received = max(received, end)
                if try reader.byte() == 1 { await sendStatus() }
                if !assembler.isOpen, case .log(let last)? = place, end.number >= last.number + Self.markDistance {
                    mark = end
                }
            default: break
            }
            // A mark lies behind the records before it.
            if let mark, assembler.records.isEmpty {
                place = .log(mark)
                return mark
            }
        }
        return nil
    }

    /// Tells the server how far the log is received and committed.
    private func sendStatus() async {
        guard isStreaming, !isStopped else { return }
        var message = [UInt8(ascii: "r")]
        for position in [max(received, committed), committed, committed] {
            withUnsafeBytes(of: position.number.bigEndian) { message += $0 }
        }
        // The server only looks at the clock to show it.
        message += [UInt8](repeating: 0, count: 9)
        // A connection that broke is noticed by the next poll.
        try? await stream.streamSend(message, task)
    }
}
