// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// Reads the rows of tables in the order of their primary keys, in one snapshot of the database.
struct SnapshotReader: Sendable {
    let options: ChangeSourceOptions
    let connection: PostgresConnection
    let partition: RecordPartition

    private var task: String { "reading the snapshot" }

    /// Begins the transaction that sees the snapshot; without a name a new one.
    func begin(_ snapshot: String?) async throws {
        var statements = [PostgresStatement("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")]
        if let snapshot {
            let name = snapshot.split(separator: "'").joined()
            statements.append(PostgresStatement("SET TRANSACTION SNAPSHOT '\(name)'"))
        }
        try await connection.run(statements, task)
    }

    /// Rows of a table, and whether there are no more.
    struct Chunk: Sendable {
        var records: [ConnectorRecord]
        var isLast: Bool
    }

    /// The next rows of a table behind a key, each with the place behind it.
    func rows(_ start: LogPosition, _ table: Int, behind key: [String], limit: Int) async throws -> Chunk {
        let name = try TableName(options.tables[table])
        let keys = try await primaryKey(of: name)
        let names = keys.map { SQL.identifier($0.name) }.joined(separator: ", ")
        var text = "SELECT t.* FROM \(name.sql) AS t"
        if !key.isEmpty {
            guard key.count == keys.count else {
                throw ConnectorError(
                    .corruptOffsets,
                    "the stored offset has another key than the table \(name) has now"
                )
            }
            let values = keys.enumerated().map { "$\($0 + 1)::\($1.type)" }.joined(separator: ", ")
            text += " WHERE (\(names)) > (\(values))"
        }
        // One more tells whether there are more: then nothing keeps the snapshot open any longer than it has to be.
        text += " ORDER BY \(names) LIMIT \(limit + 1)"
        let result = try await connection.run(text, key.map { PostgresParameter($0) }, task)
        let places = keys.compactMap { column in result.columns.firstIndex(of: column.name) }
        return Chunk(
            records: result.rows.prefix(limit).map { record($0, result, name, places, start, table) },
            isLast: result.rows.count <= limit
        )
    }

    private func record(
        _ row: [String?],
        _ result: PostgresResult,
        _ table: TableName,
        _ places: [Int],
        _ start: LogPosition,
        _ index: Int
    ) -> ConnectorRecord {
        let values = row.indices.map { column in
            (result.columns[column], row[column].map { ColumnValue.value($0, of: result.types[column]) } ?? .null)
        }
        let place = ChangePlace.snapshot(start: start, table: index, key: places.map { row[$0] ?? "" })
        var record = ConnectorRecord(
            .structured(.object(StructuredObject(values))),
            partition: partition,
            offset: place.offset
        )
        let key = places.map { values[$0] }
        record.key = ChangeRecord.key(key)
        record.type = ChangeRecord.typePrefix + ChangeRecord.Kind.snapshot.rawValue
        let name = "\(start):\(table):\(String(decodingUTF8: StructuredValue.array(key.map(\.1)).json))"
        record.id = "\(partition.name):\(name)"
        record.subject = "\(table.schema ?? "public").\(table.name)"
        record.contentType = "application/json"
        return record
    }

    private func primaryKey(of table: TableName) async throws -> [(name: String, type: String)] {
        let rows = try await connection.run(
            """
            SELECT a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_index i
            JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (\(SQL.keyColumns))
            WHERE i.indrelid = $1::regclass AND i.indisprimary
            ORDER BY array_position(\(SQL.keyColumns), a.attnum)
            """,
            [PostgresParameter(table.sql)],
            task
        ).rows
        let keys = rows.compactMap { row in row[0].flatMap { name in row[1].map { (name: name, type: $0) } } }
        guard !keys.isEmpty else {
            throw ConnectorError(
                .invalidConfiguration,
                "the table \(table) has no primary key, by which a snapshot could go on; set snapshot to false"
            )
        }
        return keys
    }
}
