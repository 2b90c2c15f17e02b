// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

extension PostgresChangeSource: ConfigurableConnector {
    /// `postgres-cdc`.
    public static var type: String { "postgres-cdc" }
    /// What it is, in one line.
    public static var summary: String { "Reads every change of PostgreSQL tables by logical replication." }

    static let slot = Setting<String>("slot", "The replication slot; one source at a time reads it.")
        .checked("lower-case letters, digits and underscores, at most 63") { name in
            !name.isEmpty && name.utf8.count < 64
                && name.allSatisfy { $0.isASCII && ($0.isLowercase || $0.isNumber || $0 == "_") }
        }
    static let publication = Setting<String>("publication", "The publication, which says whose changes are read.")
        .checked("a name") { !$0.isEmpty && !$0.contains("\0") }
    static let tables = Setting<[String]>(
        "tables",
        "The tables of the snapshot, and of a publication that is made.",
        default: []
    ).checked("a list of names of tables") { $0.allSatisfy { (try? TableName($0)) != nil } }
    static let create = Setting<Bool>(
        "create",
        "Whether slot and publication are made where they are missing.",
        default: false
    )
    static let snapshot = Setting<Bool>(
        "snapshot",
        "Whether the rows that are there at the beginning are read first.",
        default: true
    )
    static let statusInterval = Setting<Duration>(
        "statusInterval",
        "How often the server is told how far the work is committed.",
        default: .seconds(10)
    ).range(.milliseconds(10)...)
    static let fetchSize = Setting<Int>("fetchSize", "The most rows of the snapshot read at once.", default: 1000)
        .range(1...100_000)

    /// Where the database is, and what is read.
    public static var settings: SettingGroup {
        PostgresAddress.settings.adding(
            SettingGroup(slot, publication, tables, create, snapshot, statusInterval, fetchSize)
        )
    }

    /// A source from its settings.
    public init(_ values: SettingValues) throws {
        var options = ChangeSourceOptions(slot: values[Self.slot], publication: values[Self.publication])
        options.tables = values[Self.tables]
        options.creates = values[Self.create]
        options.readsSnapshot = values[Self.snapshot]
        options.statusInterval = values[Self.statusInterval]
        options.fetchSize = values[Self.fetchSize]
        try self.init(PostgresAddress(values), options: options)
    }
}
