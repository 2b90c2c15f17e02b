// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

extension PostgresTableSource: ConfigurableConnector {
    /// `postgres-table`.
    public static var type: String { "postgres-table" }
    /// What it is, in one line.
    public static var summary: String { "Reads new and changed rows of PostgreSQL tables." }

    static let tables = Setting<[String]>("tables", "The tables, with their schema if need be; each is a partition.")
        .checked("a list of names of tables") { !$0.isEmpty && $0.allSatisfy { (try? TableName($0)) != nil } }
    static let incrementing = Setting<String?>("incrementing", "The column whose value grows with each new row.")
    static let timestamp = Setting<String?>(
        "timestamp",
        "The column of the type `timestamptz` that says when a row was made or changed."
    )
    static let horizon = Setting<TableSourceOptions.Horizon?>(
        "horizon",
        "Which transactions have to end before rows of their time are read: `writers` of the table, or all "
            + "`transactions`; by itself the first without, the second with a timestamp."
    )
    static let interval = Setting<Duration>(
        "interval",
        "How often a table is looked at in which nothing is new.",
        default: .milliseconds(500)
    ).range(.milliseconds(1)...)
    static let fetchSize = Setting<Int>("fetchSize", "The most rows read at once.", default: 1000).range(1...100_000)
    static let tieLimit = Setting<Int>(
        "tieLimit",
        "The most rows held at once because nothing tells them apart, not even a primary key.",
        default: 100_000
    ).range(1...)
    static let ends = Setting<Bool>("ends", "Whether the source ends when all rows are read.", default: false)

    /// Where the database is, which tables are read, and by what order.
    public static var settings: SettingGroup {
        PostgresAddress.settings.adding(
            SettingGroup(tables, incrementing, timestamp, horizon, interval, fetchSize, tieLimit, ends)
        )
    }

    /// A source from its settings.
    public init(_ values: SettingValues) throws {
        var options = TableSourceOptions(tables: values[Self.tables], incrementing: "")
        options.incrementing = values[Self.incrementing]
        options.timestamp = values[Self.timestamp]
        options.horizon = values[Self.horizon]
        options.interval = values[Self.interval]
        options.fetchSize = values[Self.fetchSize]
        options.tieLimit = values[Self.tieLimit]
        options.ends = values[Self.ends]
        guard options.incrementing != nil || options.timestamp != nil else {
            throw values.problem("one of \"incrementing\" and \"timestamp\" is missing: the order to read a table by")
        }
        try self.init(PostgresAddress(values), options: options)
    }
}
