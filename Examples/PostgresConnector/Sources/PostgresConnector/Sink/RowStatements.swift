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

    /// The statement that the rows are sent to; none where there is nothing to say about them.
    func copy(_ action: RowAction, _ columns: [Int]) -> String? {
        if action == .truncate { return nil }
        return "COPY \(mode == .insert ? table.name.sql : Self.stage) (\(names(columns))) FROM STDIN"
    }

    /// What takes the rows on into the table.
    func merge(_ action: RowAction, _ columns: [Int]) -> [PostgresStatement] {
        let statements: [String?] =
            switch action {
            case .truncate: ["TRUNCATE \(table.name.sql)"]
            case .delete: ["DELETE FROM \(table.name.sql) AS t USING \(Self.stage) AS s WHERE \(isSameRow)"]
            case .change: [change(columns)]
            case .write where mode == .insert: []
            case .write where mode == .upsert: upsert(columns)
            case .write: [insertion(columns)]
            }
        return statements.compactMap(\.self).map { PostgresStatement($0) }
    }

    /// Makes room for other rows within the same transaction.
    var clearing: [PostgresStatement] {
        mode == .insert ? [] : [PostgresStatement("DELETE FROM \(Self.stage)")]
    }

    // MARK: Parts

    private var key: String { keys.map { SQL.identifier($0) }.joined(separator: ", ") }

    private var isSameRow: String {
        keys.map { SQL.identifier($0) }.map { "t.\($0) = s.\($0)" }.joined(separator: " AND ")
    }

    /// Of several rows with one key the last one counts; a statement cannot change a row twice.
    private var newest: String {
        "(SELECT DISTINCT ON (\(key)) * FROM \(Self.stage) ORDER BY \(key), \(Self.ordinal) DESC) AS s"
    }

    private func others(_ columns: [Int]) -> [String] {
        columns.map { table.columns[$0].name }.filter { !keys.contains($0) }.map { SQL.identifier($0) }
    }

    private func insertion(_ columns: [Int]) -> String {
        let names = names(columns)
        return "INSERT INTO \(table.name.sql) (\(names)) SELECT \(names) FROM \(Self.stage) ORDER BY \(Self.ordinal) "
            + "ON CONFLICT\(keys.isEmpty ? "" : " (\(key))") DO NOTHING"
    }

    private func change(_ columns: [Int]) -> String? {
        let others = others(columns)
        if others.isEmpty { return nil }
        let values = others.map { "\($0) = s.\($0)" }.joined(separator: ", ")
        return "UPDATE \(table.name.sql) AS t SET \(values) FROM \(newest) WHERE \(isSameRow)"
    }

    private func upsert(_ columns: [Int]) -> [String?] {
        let names = names(columns)
        let others = others(columns)
        if others.isEmpty { return [insertion(columns)] }
        let values = others.map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
        // A new row is checked for missing values before it is looked at whether it is new at all.
        let isCheckedBefore = table.columns.indices.contains { table.columns[$0].needsValue && !columns.contains($0) }
        let isNew = " WHERE NOT EXISTS (SELECT FROM \(table.name.sql) AS t WHERE \(isSameRow))"
        return [
            isCheckedBefore ? change(columns) : nil,
            """
            INSERT INTO \(table.name.sql) (\(names)) SELECT \(names) FROM \(newest)\(isCheckedBefore ? isNew : "")
            ORDER BY \(Self.ordinal) ON CONFLICT (\(key)) DO UPDATE SET \(values)
            """,
        ]
    }
}
