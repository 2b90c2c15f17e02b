// SPDX-License-Identifier: Apache-2.0

/// What a ``PostgresChangeSource`` reads.
public struct ChangeSourceOptions: Sendable {
    /// The replication slot, which keeps the log until it is committed. One source at a time reads a slot.
    public var slot: String
    /// The publication, which says whose changes are read.
    public var publication: String
    /// The tables that are read before the changes, and that a publication is made for.
    public var tables: [String] = []
    /// Whether slot and publication are made where they are missing.
    public var creates = false
    /// Whether the rows that are there at the beginning are read first.
    public var readsSnapshot = true
    /// How often the server is told how far the work is committed; it has to be well below its `wal_sender_timeout`.
    public var statusInterval: Duration = .seconds(10)
    /// The most rows of the snapshot read at once.
    public var fetchSize = 1000

    /// A source of the changes that a publication has, by a slot.
    public init(slot: String, publication: String) {
        self.slot = slot
        self.publication = publication
    }
}
