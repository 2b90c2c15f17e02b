// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// Reads new rows, or new and changed ones, of tables; each table is a partition.
///
/// A record's data is the row as a JSON object, with the digits of its numbers. Rows come in the order of an incrementing
/// column, of a timestamp, or of both; rows of one key are a unit. What is committed late with a lower key is not lost: a
/// table is read up to where no running transaction can add anything below (``TableSourceOptions/Horizon``). So a
/// transaction that stays open holds back what was written while it ran.
///
/// Only a primary knows which transactions are running, so a standby is refused, also where a new connection leads to one.
/// With several hosts add `target_session_attrs=primary` to the connection string.
///
/// Deleted rows are not seen, nor what a row was between two looks. Of an incrementing column alone changes are not seen.
public actor PostgresTableSource: PartitionedSource {
    private let options: TableSourceOptions
    private let target: ConnectionTarget
    private let tables: [(partition: RecordPartition, name: TableName)]
    private var connection: PostgresConnection?
    private var clock = ConnectorClock.continuous

    /// A source of tables.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError`` with the code `invalidConfiguration` for a connection string or a name that
    ///   cannot be read, and where neither an incrementing column nor a timestamp is named.
    public init(_ address: PostgresAddress, options: TableSourceOptions) throws {
        self.options = options
        target = try address.target()
        let defaults = RecordDefaults(contentType: "application/json")
        tables = try options.tables.map { (RecordPartition($0, defaults: defaults), try TableName($0)) }
        guard options.incrementing != nil || options.timestamp != nil, !tables.isEmpty else {
            throw ConnectorError(
                .invalidConfiguration,
                "a table is read by an incrementing column, a timestamp, or both; name one of them, and a table"
            )
        }
        guard Set(tables.map(\.partition)).count == tables.count else {
            throw ConnectorError(.invalidConfiguration, "a table is named twice")
        }
    }

    /// Connects. All tables share the connection.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError``: `notConnected`; `invalidConfiguration`, also for a standby.
    public func start(_ context: ConnectorContext) async throws {
        clock = context.clock
        let connection = PostgresConnection(target) { notice in
            context.emit(ConnectorEvent(.debug, "the server says: \(notice)"))
        }
        self.connection = connection
        try await connection.open()
        for table in tables { _ = try await cursor(of: table.name, connection) }
    }

    /// Closes the connection.
    public func stop() async {
        await connection?.close()
        connection = nil
    }

    /// The tables.
    public func partitions() async throws -> PartitionList {
        PartitionList(tables.map(\.partition), isFinal: true)
    }

    /// A reader of a table.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError``: `corruptOffsets` where the offset does not have values of the columns'
    ///   types; `notConnected`, `invalidConfiguration`.
    public func reader(of partition: RecordPartition, from offset: RecordOffset?) async throws -> any PartitionReader {
        guard let connection, let table = tables.first(where: { $0.partition == partition }) else {
            throw ConnectorError(.fatal, "\(partition) is no table of a source that was started")
        }
        let cursor = try await cursor(of: table.name, connection)
        if let offset { try await check(offset, of: cursor, connection) }
        return try TableReader(table.partition, cursor, options, connection, from: offset, clock: clock)
    }

    /// Checks an offset by itself: later a value that cannot be read may as well be a row's.
    private func check(_ offset: RecordOffset, of cursor: TableCursor, _ connection: PostgresConnection) async throws {
        let task = "reading the stored offset of \(cursor.table)"
        do {
            try await connection.run([cursor.reading(try cursor.place(offset))], task)
        } catch let failure as PostgresFailure {
            throw failure.isInvalidData ? cursor.foreign(offset) : failure.error(task)
        }
    }

    private func cursor(of table: TableName, _ connection: PostgresConnection) async throws -> TableCursor {
        let task = "reading the columns of \(table)"
        do {
            try await connection.open()
            return try TableCursor(
                table,
                options,
                try await connection.runOnPrimary([TableCursor.types(of: table)], task)[0].rows
            )
        } catch let failure as PostgresFailure {
            throw failure.error(task)
        }
    }
}

extension PostgresTableSource: ConnectionChecking {
    /// Connects, looks whether the tables have the columns, and disconnects.
    public func checkConnection(_ context: ConnectorContext) async throws {
        do {
            try await start(context)
            await stop()
        } catch {
            await stop()
            throw error
        }
    }
}
