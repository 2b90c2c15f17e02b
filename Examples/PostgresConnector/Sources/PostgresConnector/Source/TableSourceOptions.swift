// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// What a ``PostgresTableSource`` reads.
public struct TableSourceOptions: Sendable {
    /// Which transactions have to end before the rows that were there at the same time are read.
    public struct Horizon: RawRepresentable, CaseIterable, Sendable, Hashable, SettingValue {
        /// The name in a configuration.
        public let rawValue: String

        private init(known name: String) { rawValue = name }

        /// The horizon of a name, or `nil` where there is none.
        public init?(rawValue: String) {
            guard let horizon = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
            self = horizon
        }

        /// Those that have begun to write the table: enough where a row gets its key as it is inserted, from an identity
        /// column or a sequence that caches no values.
        public static let writers = Horizon(known: "writers")
        /// All: for keys that are drawn before the row is inserted, and for times, which are those of the transaction's start.
        public static let transactions = Horizon(known: "transactions")

        /// All horizons.
        public static var allCases: [Horizon] { [writers, transactions] }
    }

    /// The tables, with their schema if need be; each is a partition.
    public var tables: [String]
    /// The column whose value grows with each new row and is never empty.
    public var incrementing: String?
    /// The column of the type `timestamptz` that holds when a row was made or changed.
    public var timestamp: String?
    /// Which transactions are waited for; nothing for ``Horizon/writers`` without, ``Horizon/transactions`` with a timestamp.
    public var horizon: Horizon?
    /// How often a table is looked at in which nothing is new.
    public var interval: Duration = .milliseconds(500)
    /// The most rows read at once.
    public var fetchSize = 1000
    /// The most rows that are held at once because nothing tells them apart: neither the columns that they are read by nor a
    /// primary key.
    public var tieLimit = 100_000
    /// Whether the source ends when everything is read that was there.
    public var ends = false

    /// A source of new rows.
    public init(tables: [String], incrementing: String) {
        self.tables = tables
        self.incrementing = incrementing
    }

    /// A source of new and changed rows; rows of one time are told apart by the incrementing column, or the primary key.
    public init(tables: [String], timestamp: String, incrementing: String? = nil) {
        self.tables = tables
        self.timestamp = timestamp
        self.incrementing = incrementing
    }
}
