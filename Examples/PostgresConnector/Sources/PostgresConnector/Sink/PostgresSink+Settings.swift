// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

extension PostgresSink: ConfigurableConnector {
    /// `postgres`.
    public static var type: String { "postgres" }
    /// What it is, in one line.
    public static var summary: String { "Writes records as rows of a PostgreSQL table, exactly once." }

    static let table = Setting<String>("table", "The table, with its schema if need be: `orders`, `sales.orders`.")
        .checked("the name of a table") { (try? TableName($0)) != nil }
    static let mode = Setting<PostgresSinkOptions.Mode>(
        "mode",
        "What happens to a row whose key is in the table already: `insert` rejects it, `insert-new` leaves it out, "
            + "`upsert` changes it.",
        default: .insert
    )
    static let keys = Setting<[String]>(
        "keys",
        "The columns of the key; where none are named, those of the primary key for `upsert`, and those of any unique "
            + "constraint for `insert-new`.",
        default: []
    )
    static let changes = Setting<Bool>(
        "changes",
        "Whether an event's type, as `postgres-cdc` gives it, says what to do: `delete` removes the row with the key, "
            + "`truncate` all rows. For the mode `upsert`.",
        default: false
    )
    static let layout = Setting<PostgresSinkOptions.Layout>(
        "layout",
        "`fields`: each field of the data goes into the column of its name; `event`: each attribute of the event, and "
            + "its data, does.",
        default: .fields
    )
    static let columns = Setting<[String: String]>(
        "columns",
        "For each column the place of its value: `data`, `data.field.field`, `key`, `timestamp`, `event.attribute`; "
            + "replaces the layout.",
        default: [:]
    ).checked("an object of columns and places") { $0.values.allSatisfy { (try? ValuePath($0)) != nil } }
    static let ignoreUnknownFields = Setting<Bool>(
        "ignoreUnknownFields",
        "Whether fields without a column are left out; otherwise the record is rejected.",
        default: false
    )
    static let positions = Setting<String>(
        "positions",
        "The table that keeps the positions.",
        default: "openconnect.sink_positions"
    ).checked("the name of a table") { (try? TableName($0)) != nil }
    static let createPositions = Setting<Bool>(
        "createPositions",
        "Whether that table and its schema are made where they are missing.",
        default: false
    )

    /// Where the database is, which table is written, and how.
    public static var settings: SettingGroup {
        PostgresAddress.settings.adding(
            SettingGroup(table, mode, keys, changes, layout, columns, ignoreUnknownFields, positions, createPositions)
        )
    }

    /// A sink from its settings.
    public init(_ values: SettingValues) throws {
        var options = PostgresSinkOptions(table: values[Self.table])
        options.mode = values[Self.mode]
        options.keys = values[Self.keys]
        options.appliesChanges = values[Self.changes]
        options.layout = values[Self.layout]
        options.columns = values[Self.columns]
        options.ignoresUnknownFields = values[Self.ignoreUnknownFields]
        options.positions = values[Self.positions]
        options.createPositions = values[Self.createPositions]
        if options.appliesChanges, options.mode != .upsert || !options.columns.isEmpty || options.layout != .fields {
            throw values.problem(Self.changes, "changes are applied in the mode \"upsert\" with the layout \"fields\"")
        }
        try self.init(PostgresAddress(values), options: options)
    }
}
