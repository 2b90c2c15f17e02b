// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// The columns by which a table is read in order, and a place in that order.
struct TableCursor: Sendable {
    /// A column, with its type as SQL names it.
    struct Column: Sendable, Hashable {
        let name: String
        let type: String

        var sql: String { "t." + SQL.identifier(name) }
        var isInteger: Bool { ["smallint", "integer", "bigint"].contains(type) }
        var isTimestamp: Bool { type.hasPrefix("timestamp") && type.hasSuffix("with time zone") }
    }

    let table: TableName
    /// The timestamp first, if there is one.
    let columns: [Column]

    init(_ table: TableName, _ options: TableSourceOptions, _ types: [[String?]]) throws(ConnectorError) {
        self.table = table
        var columns: [Column] = []
        for name in [options.timestamp, options.incrementing].compactMap(\.self) {
            guard let type = types.first(where: { $0.first == name })?.last ?? nil else {
                throw ConnectorError(.invalidConfiguration, "the table \(table) has no column '\(name)'")
            }
            columns.append(Column(name: name, type: type))
        }
        if options.timestamp != nil, columns.first?.isTimestamp != true {
            throw ConnectorError(
                .invalidConfiguration,
                "the column '\(options.timestamp ?? "")' of \(table) is of the type \(columns.first?.type ?? ""), which does "
                    + "not say in which zone its times are; make it timestamp with time zone"
            )
        }
        self.columns = columns
    }

    static func types(of table: TableName) -> PostgresStatement {
        PostgresStatement(
            """
            SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute
            WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped
            """,
            [PostgresParameter(table.sql)]
        )
    }

    private var isByTime: Bool { columns.first?.isTimestamp == true }

    // MARK: Reading

    /// The place up to which everything there is has a lower key: the highest key, or the present.
    var end: PostgresStatement {
        if isByTime { return PostgresStatement("SELECT clock_timestamp()::text") }
        let key = columns.first?.sql ?? ""
        return PostgresStatement("SELECT max(\(key))::text FROM \(table.sql) AS t")
    }

    /// The next rows in order, behind a place and up to an end, with all rows of the last one's key.
    func rows(behind place: [String]?, upTo end: String, limit: Int) -> PostgresStatement {
        let keys = columns.map(\.sql).joined(separator: ", ")
        var parameters = [PostgresParameter(end)]
        var conditions = columns.map { "\($0.sql) IS NOT NULL" }
        conditions.append("\(columns[0].sql) \(isByTime ? "<" : "<=") $1::\(columns[0].type)")
        if let place {
            let values = zip(columns, place).enumerated().map { "$\($0 + 2)::\($1.0.type)" }.joined(separator: ", ")
            conditions.append("(\(keys)) > (\(values))")
            parameters += place.map { PostgresParameter($0) }
        }
        return PostgresStatement(
            """
            SELECT row_to_json(t)::text, \(columns.map { $0.sql + "::text" }.joined(separator: ", "))
            FROM \(table.sql) AS t WHERE \(conditions.joined(separator: " AND "))
            ORDER BY \(keys) FETCH FIRST \(limit) ROWS WITH TIES
            """,
            parameters
        )
    }

    // MARK: Offsets

    /// The offset of a place: the number itself, or the values as the server writes them.
    func offset(_ place: [String]) -> RecordOffset {
        if columns.count == 1, columns[0].isInteger, let number = place.first.flatMap({ Int64($0) }) {
            return RecordOffset(number)
        }
        return RecordOffset(place.joined(separator: "|"))
    }

    /// The place of an offset.
    ///
    /// - Throws: `corruptOffsets` where it is not one of this cursor's.
    func place(_ offset: RecordOffset) throws(ConnectorError) -> [String] {
        if columns.count == 1, columns[0].isInteger {
            if let number = offset.sequence, offset.incarnation == 0 { return [String(number)] }
        } else if let text = offset.text {
            let parts = text.parts(between: "|", maxSplits: columns.count - 1)
            if parts.count == columns.count, !parts.contains("") { return parts }
        }
        throw foreign(offset)
    }

    func foreign(_ offset: RecordOffset) -> ConnectorError {
        ConnectorError(
            .corruptOffsets,
            "the stored offset \(offset) of \(table) is no place in the order of "
                + columns.map { "'\($0.name)' (\($0.type))" }.joined(separator: " and ")
                + "; name the columns that it was read by, or remove the offset to read the table from its beginning"
        )
    }
}
