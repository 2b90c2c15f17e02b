// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// How a ``PostgresSink`` writes its table.
public struct PostgresSinkOptions: Sendable {
    /// What happens to a row whose key is in the table already.
    public struct Mode: RawRepresentable, CaseIterable, Sendable, Hashable, SettingValue {
        /// The name of the mode in a configuration.
        public let rawValue: String

        private init(known name: String) { rawValue = name }

        /// The mode of a name, or `nil` where there is none.
        public init?(rawValue: String) {
            guard let mode = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
            self = mode
        }

        /// Every record is a new row; one that violates a constraint is rejected.
        public static let insert = Mode(known: "insert")
        /// Every record is a new row, unless there is one with its key: then the record is left out.
        public static let insertNew = Mode(known: "insert-new")
        /// The row with the record's key is changed, or made where there is none.
        public static let upsert = Mode(known: "upsert")

        /// All modes.
        public static var allCases: [Mode] { [insert, insertNew, upsert] }
    }

    /// Where the values of a row come from.
    public struct Layout: RawRepresentable, CaseIterable, Sendable, Hashable, SettingValue {
        /// The name of the layout in a configuration.
        public let rawValue: String

        private init(known name: String) { rawValue = name }

        /// The layout of a name, or `nil` where there is none.
        public init?(rawValue: String) {
            guard let layout = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
            self = layout
        }

        /// The record's data is an object; each of its fields goes into the column of its name.
        public static let fields = Layout(known: "fields")
        /// The record is an event: `id`, `source`, `type`, `subject`, `time`, `datacontenttype`, `dataschema`, `data`, and any
        /// extension attribute, each into the column of its name, where the table has it.
        public static let event = Layout(known: "event")

        /// All layouts.
        public static var allCases: [Layout] { [fields, event] }
    }

    /// The table, with its schema where that is not the session's: `orders`, `sales.orders`, `"odd name"`.
    public var table: String
    /// What happens to a row whose key is in the table already.
    public var mode: Mode = .insert
    /// Whether the last part of a record's type, as ``PostgresChangeSource`` gives it, says what to do: `delete` removes the
    /// row with the record's key, `truncate` all rows, and an `update` that does not have a value for every column changes
    /// the row that is there. Only for ``Mode/upsert`` and ``Layout/fields``.
    public var appliesChanges = false
    /// The columns of the key; none for those of the primary key.
    public var keys: [String] = []
    /// Where the values of a row come from, unless ``columns`` says so.
    public var layout: Layout = .fields
    /// For each column to be written the place of its value: `data`, `data.order.id`, `key`, `timestamp`, `event.time`.
    public var columns: [String: String] = [:]
    /// Whether fields for which the table has no column are left out; otherwise such a record is rejected.
    public var ignoresUnknownFields = false
    /// The table that keeps the positions.
    public var positions = "openconnect.sink_positions"
    /// Whether that table, and its schema, are made where they are missing.
    public var createPositions = false

    /// A sink that inserts the fields of JSON objects into a table.
    public init(table: String) { self.table = table }
}
