// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Reads from the tables what the log does not say.
struct TableLookup: Sendable {
    let connection: PostgresConnection
    let task: String

    /// With the primary key, where the replica identity is the whole row: a row is another one only where that changed.
    func identified(_ relation: LogRelation) async throws -> LogRelation {
        guard relation.isFull else { return relation }
        let query = """
            SELECT a.attname FROM pg_index i
            JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (\(SQL.keyColumns))
            WHERE i.indrelid = $1::oid AND i.indisprimary
            """
        try await connection.open()
        let rows = try await connection.run(query, [PostgresParameter(relation.identifier)], task).rows
        let keys = Set(rows.compactMap { $0.first ?? nil })
        guard !keys.isEmpty else { return relation }
        var result = relation
        for index in result.columns.indices { result.columns[index].isKey = keys.contains(result.columns[index].name) }
        return result
    }

    /// With the large values of a row that was given another key, as they are now: the log does not repeat them, and what
    /// was known under the old key is deleted with it. Where they changed later the log says so later.
    ///
    /// - Returns: the row as it is where it is gone again.
    func completed(_ new: LogRow, of table: LogRelation) async throws -> LogRow {
        let missing = new.values.indices.filter { new.values[$0] == .unchanged }
        let names = missing.map { SQL.identifier(table.columns[$0].name) + "::text" }.joined(separator: ", ")
        var conditions: [String] = []
        var parameters: [PostgresParameter] = []
        for (column, value) in zip(table.columns, new.values) where column.isKey {
            guard case .text(let text) = value else { return new }
            parameters.append(PostgresParameter(text))
            conditions.append("\(SQL.identifier(column.name)) = $\(parameters.count)")
        }
        let name = "\(SQL.identifier(table.schema)).\(SQL.identifier(table.name))"
        let query = "SELECT \(names) FROM \(name) WHERE \(conditions.joined(separator: " AND "))"
        try await connection.open()
        guard let found = try await connection.run(query, parameters, task).rows.first else { return new }
        var row = new
        for (index, value) in zip(missing, found) { row.values[index] = value.map { .text($0) } ?? .null }
        return row
    }
}
