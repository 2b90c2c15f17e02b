// SPDX-License-Identifier: Apache-2.0

/// How a ``PostgresOffsetStore`` works.
public struct PostgresOffsetStoreOptions: Sendable {
    /// The schema with the tables.
    public var schema = "openconnect"
    /// Whether the schema and its tables are made where they are missing.
    public var createTables = false
    /// How long an owner that does not renew stays the owner, by the server's clock.
    public var lease: Duration = .seconds(10)
    /// How often a standby looks whether the owner is gone.
    public var standbyInterval: Duration = .milliseconds(250)

    /// The defaults.
    public init() {}
}
