// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// Reads every change of tables from the server's log, by logical replication with the plugin `pgoutput`.
///
/// First the rows that are there, in the snapshot that belongs to the slot's beginning, then what was committed since, in the
/// order of the commits. The records of a transaction are a unit. The type of a record says what happened: its last part is
/// `snapshot`, `insert`, `update`, `delete` or `truncate`; the subject is the table, the data the new row, the key its
/// replica identity as JSON text. Large values that an update did not change are left out of its row.
///
/// The slot is moved on when records are committed, and only then; the server is told so again while polling rests. A snapshot
/// that was cut off goes on by key in a new one: what changed meanwhile comes again from the log, so the target has to take
/// rows by key.
public actor PostgresChangeSource: CommittingSource {
    let options: ChangeSourceOptions
    let partition: RecordPartition
    /// For statements.
    let connection: PostgresConnection
    /// For the log.
    let stream: PostgresConnection
    /// For nothing but to hear of the server's end.
    let witness: PostgresConnection
    var assembler: ChangeAssembler
    var place: ChangePlace?
    var isSnapshotOpen = false
    var isStreaming = false
    /// Everything before is received; everything before the second is committed.
    var received = LogPosition(0)
    var committed = LogPosition(0)
    var isStopped = false
    var clock = ConnectorClock.continuous

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
        witness = PostgresConnection(target)
        target.set("replication", "database")
        stream = PostgresConnection(target)
    }

    var task: String { "reading the slot \"\(options.slot)\"" }

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
        let watch = ServerWatch(session: witness, stream: stream, clock: clock)
        context.addTask(named: "watch") { await watch.run() }
    }

    /// Closes all connections.
    public func stop() async {
        isStopped = true
        await connection.close()
        await stream.close()
        // The task that waits for its end closes it.
        await witness.abandon()
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
