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
    /// The timestamp first, if there is one; alone it has the columns of the primary key behind it, if there is one.
    let columns: [Column]
    /// The most rows of one key that are read at once.
    private let tieLimit: Int

    init(_ table: TableName, _ options: TableSourceOptions, _ types: [[String?]]) throws(ConnectorError) {
        self.table = table
        var columns: [Column] = []
        let tieBreakers = options.timestamp != nil && options.incrementing == nil ? Self.primaryKey(types) : []
        let names = [options.timestamp, options.incrementing].compactMap(\.self)
        for name in names + tieBreakers.filter({ $0 != options.timestamp }) {
            guard let type = types.first(where: { $0.first == name })?[1] else {
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
        tieLimit = options.tieLimit
    }

    private static func primaryKey(_ types: [[String?]]) -> [String] {
        let places = types.compactMap { row in row[0].flatMap { name in row[2].flatMap { Int($0) }.map { ($0, name) } }
        }
        return places.sorted { $0.0 < $1.0 }.map(\.1)
    }

    /// The name and the type of each column, and its place in the primary key.
    static func types(of table: TableName) -> PostgresStatement {
        PostgresStatement(
            """
            SELECT attname, format_type(atttypid, atttypmod), array_position(\(SQL.keyColumns), attnum)
            FROM pg_attribute LEFT JOIN pg_index i ON i.indrelid = attrelid AND i.indisprimary
            WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped
            """,
            [PostgresParameter(table.sql)]
        )
    }

    var isByTime: Bool { columns.first?.isTimestamp == true }

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
        let texts = columns.enumerated().map { "\($1.sql)::text AS key\($0)" }.joined(separator: ", ")
        var parameters = [PostgresParameter(end)]
        var conditions = columns.map { "\($0.sql) IS NOT NULL" }
        conditions.append("\(columns[0].sql) \(isByTime ? "<" : "<=") $1::\(columns[0].type)")
        if let place {
            let values = zip(columns, place).enumerated().map { "$\($0 + 2)::\($1.0.type)" }.joined(separator: ", ")
            let known = columns.prefix(place.count).map(\.sql).joined(separator: ", ")
            conditions.append("(\(known)) > (\(values))")
            parameters += place.map { PostgresParameter($0) }
        }
        return PostgresStatement(
            """
            SELECT * FROM (
                SELECT row_to_json(t)::text, \(texts)
                FROM \(table.sql) AS t WHERE \(conditions.joined(separator: " AND "))
                ORDER BY \(keys) FETCH FIRST \(limit) ROWS WITH TIES) AS t
            LIMIT \(most(limit))
            """,
            parameters
        )
    }

    /// The most rows that are read where so many are asked for.
    private func most(_ limit: Int) -> Int {
        let (sum, overflow) = limit.addingReportingOverflow(tieLimit)
        return overflow ? .max : sum
    }

    /// Checks that the rows that were found are not cut off within a key.
    func check(_ rows: [[String?]], limit: Int) throws(ConnectorError) {
        guard rows.count >= most(limit), let last = rows.last else { return }
        let key = zip(columns, last.dropFirst()).map { "'\($0.name)' = \($1 ?? "")" }.joined(separator: ", ")
        throw ConnectorError(
            .invalidConfiguration,
            "more than \(tieLimit) rows of \(table) have \(key), and would have to be held at once; give the table a primary "
                + "key and read it by a timestamp alone, name a column that tells the rows apart as 'incrementing', or raise "
                + "'tieLimit'"
        )
    }
}
