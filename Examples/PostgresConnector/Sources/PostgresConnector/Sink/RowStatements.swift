// SPDX-License-Identifier: Apache-2.0

/// The statements that put rows into a table.
///
/// New rows are copied into the table itself. Where the table's own rows count too, the rows are copied into a temporary
/// table, which is emptied at the end of each transaction, and from there in one statement.
struct RowStatements: Sendable {
    private let table: TargetTable
    private let mode: PostgresSinkOptions.Mode
    private let keys: [String]

    private static let stage = "openconnect_stage"
    private static let ordinal = "openconnect_ordinal"

    init(_ table: TargetTable, mode: PostgresSinkOptions.Mode, keys: [String]) {
        self.table = table
        self.mode = mode
        self.keys = keys
    }

    /// What a session needs before it writes.
    var preparation: [PostgresStatement] {
        guard mode != .insert else { return [] }
        return [
            "CREATE TEMPORARY TABLE \(Self.stage) ON COMMIT DELETE ROWS AS SELECT * FROM \(table.name.sql) WITH NO DATA",
            "ALTER TABLE \(Self.stage) ADD COLUMN \(Self.ordinal) bigserial",
        ].map { PostgresStatement($0) }
    }

    private func names(_ columns: [Int]) -> String {
        columns.map { SQL.identifier(table.columns[$0].name) }.joined(separator: ", ")
    }

    /// The statement that the rows are sent to.
    func copy(_ columns: [Int]) -> String {
        "COPY \(mode == .insert ? table.name.sql : Self.stage) (\(names(columns))) FROM STDIN"
    }

    /// What takes the rows on into the table.
    func merge(_ columns: [Int]) -> [PostgresStatement] {
        guard mode != .insert else { return [] }
        let names = names(columns)
        let key = keys.map { SQL.identifier($0) }.joined(separator: ", ")
        let others = columns.map { table.columns[$0].name }.filter { !keys.contains($0) }.map { SQL.identifier($0) }
        var text = "INSERT INTO \(table.name.sql) (\(names)) "
        if mode == .upsert, !others.isEmpty {
            // Of several rows with one key the last one counts; a statement cannot change a row twice.
            text += """
                SELECT \(names) FROM (
                    SELECT DISTINCT ON (\(key)) * FROM \(Self.stage) ORDER BY \(key), \(Self.ordinal) DESC) AS s
                ORDER BY \(Self.ordinal) ON CONFLICT (\(key)) DO UPDATE SET \
                \(others.map { "\($0) = excluded.\($0)" }.joined(separator: ", "))
                """
        } else {
            text += "SELECT \(names) FROM \(Self.stage) ORDER BY \(Self.ordinal) "
            text += "ON CONFLICT\(key.isEmpty ? "" : " (\(key))") DO NOTHING"
        }
        return [PostgresStatement(text)]
    }

    /// Makes room for other rows within the same transaction.
    var clearing: [PostgresStatement] {
        mode == .insert ? [] : [PostgresStatement("DELETE FROM \(Self.stage)")]
    }
}
