// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// A table that is written: its columns, as the server describes them.
struct TargetTable: Sendable {
    /// A column, and the form in which its type reads a value.
    struct Column: Sendable, Hashable {
        /// How a value becomes the text that the type reads.
        indirect enum Kind: Sendable, Hashable {
            /// As it is: numbers in their own digits, times in RFC 3339.
            case text
            /// JSON text.
            case json
            /// Bytes in hexadecimal form.
            case bytes
            /// An array's literal with elements of a kind.
            case array(Kind)
        }

        let name: String
        let kind: Kind
        /// Whether a new row has to have a value for it.
        var needsValue = false
    }

    let name: TableName
    let columns: [Column]
    let primaryKey: [String]
    private let indices: [String: Int]

    init(_ name: TableName, columns: [Column], primaryKey: [String] = []) {
        self.name = name
        self.columns = columns
        self.primaryKey = primaryKey
        indices = Dictionary(columns.enumerated().map { ($1.name, $0) }) { first, _ in first }
    }

    /// The index of a column.
    func index(of column: String) -> Int? { indices[column] }

    /// Asks for the columns that can be written, and the primary key.
    static func description(of name: TableName) -> [PostgresStatement] {
        let table = PostgresParameter(name.sql)
        return [
            PostgresStatement(
                """
                SELECT a.attname, t.typcategory, coalesce(b.typname, t.typname), e.typname,
                    a.attnotnull AND NOT a.atthasdef AND a.attidentity = ''
                FROM pg_attribute a
                JOIN pg_type t ON t.oid = a.atttypid
                LEFT JOIN pg_type b ON t.typtype = 'd' AND b.oid = t.typbasetype
                LEFT JOIN pg_type e ON t.typcategory = 'A' AND e.oid = coalesce(b.typelem, t.typelem)
                WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
                ORDER BY a.attnum
                """,
                [table]
            ),
            PostgresStatement(
                """
                SELECT a.attname FROM pg_index i
                JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (\(SQL.keyColumns))
                WHERE i.indrelid = $1::regclass AND i.indisprimary
                """,
                [table]
            ),
        ]
    }

    /// The table that the answers to ``description(of:)`` describe.
    init(_ name: TableName, _ results: [PostgresResult]) {
        let columns = (results.first?.rows ?? []).compactMap { row -> Column? in
            guard row.count == 5, let column = row[0], let type = row[2] else { return nil }
            let isArray = row[1] == "A"
            return Column(
                name: column,
                kind: isArray ? .array(Self.kind(row[3] ?? "")) : Self.kind(type),
                needsValue: row[4] == "t"
            )
        }
        let keys = results.count > 1 ? results[1].rows.compactMap { $0.first ?? nil } : []
        self.init(name, columns: columns, primaryKey: keys)
    }

    private static func kind(_ type: String) -> Column.Kind {
        switch type {
        case "json", "jsonb": .json
        case "bytea": .bytes
        default: .text
        }
    }
}
