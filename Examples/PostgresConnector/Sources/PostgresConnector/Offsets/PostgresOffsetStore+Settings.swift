// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

extension PostgresOffsetStore: Configurable {
    /// `postgres`.
    public static var type: String { "postgres" }
    /// What it is, in one line.
    public static var summary: String {
        "Keeps positions in a PostgreSQL database; instances on several machines are an active and its standbys."
    }

    static let schema = Setting<String>("schema", "The schema with the store's tables.", default: "openconnect")
        .checked("a name") { !$0.isEmpty && !$0.contains("\0") }
    static let createTables = Setting<Bool>(
        "createTables",
        "Whether the schema and its tables are made where they are missing.",
        default: false
    )
    static let lease = Setting<Duration>(
        "lease",
        "How long an owner that froze stays the owner.",
        default: .seconds(10)
    ).range(.milliseconds(100)...)
    static let standbyInterval = Setting<Duration>(
        "standbyInterval",
        "How often a standby looks whether the owner is gone.",
        default: .milliseconds(250)
    ).range(.milliseconds(10)...)

    /// Where the database is, and how the claims work.
    public static var settings: SettingGroup {
        PostgresAddress.settings.adding(SettingGroup(schema, createTables, lease, standbyInterval))
    }

    /// A store from its settings.
    public convenience init(_ values: SettingValues) throws {
        var options = PostgresOffsetStoreOptions()
        options.schema = values[Self.schema]
        options.createTables = values[Self.createTables]
        options.lease = values[Self.lease]
        options.standbyInterval = values[Self.standbyInterval]
        try self.init(PostgresAddress(values), options: options)
    }
}
