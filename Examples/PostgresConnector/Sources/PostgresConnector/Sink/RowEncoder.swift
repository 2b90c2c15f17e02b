// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// Makes rows of records.
struct RowEncoder: Sendable {
    private enum Plan: Sendable {
        /// Each field of an object into the column of its name.
        case fields
        /// Chosen places into chosen columns, in the order of the table.
        case places([(column: Int, path: ValuePath)])
    }

    private let table: TargetTable
    private let plan: Plan
    private let needsEvent: Bool
    private let needsData: Bool
    private let ignoresUnknownFields: Bool
    private let keys: [Int]
    private let changes: RowChanges?
    private let defaults: EventDefaults

    /// - Throws: `invalidConfiguration` where the table does not have the columns that are to be written.
    init(_ options: PostgresSinkOptions, _ table: TargetTable, keys: [String], defaults: EventDefaults) throws {
        self.table = table
        self.defaults = defaults
        ignoresUnknownFields = options.ignoresUnknownFields
        func index(_ column: String) throws(ConnectorError) -> Int {
            if let index = table.index(of: column) { return index }
            let known = table.columns.map(\.name).joined(separator: ", ")
            throw ConnectorError(
                .invalidConfiguration,
                "the table \(table.name) has no column '\(column)' that can be written; it has \(known)"
            )
        }
        var places: [(column: Int, path: ValuePath)] = []
        for (column, path) in options.columns { places.append((try index(column), try ValuePath(path))) }
        if places.isEmpty, options.layout == .event { places = Self.eventPlaces(of: table) }
        let keyColumns = options.mode == .insert ? [] : try keys.map(index)
        self.keys = keyColumns
        let isTable = options.mode == .upsert && places.isEmpty
        changes = isTable ? RowChanges(table, areApplied: options.appliesChanges) : nil
        needsEvent = places.contains { $0.path.isAttribute }
        needsData = places.contains { if case .data = $0.path { true } else { false } }
        plan = places.isEmpty ? .fields : .places(places.sorted { $0.column < $1.column })
    }

    private static func eventPlaces(of table: TargetTable) -> [(column: Int, path: ValuePath)] {
        table.columns.enumerated().compactMap { index, column in
            if column.name == "data" { return (index, .data([])) }
            return (try? AttributeName(column.name)).map { (index, .attribute($0)) }
        }
    }

    /// The rows of a batch, and the records that cannot be rows.
    func rows(of batch: RecordBatch) -> RowSet {
        var set = RowSet()
        var text = ValueText()
        var segment = RowSegment(columns: [])
        var shape: RowShape?
        for (index, record) in batch.enumerated() {
            if let shape, segment.action == .write, isPlain(record), shape.append(record, to: &text) {
                segment.ends.append(text.count)
                segment.records.append(index)
                continue
            }
            var start = text.count
            do {
                let (action, values) = try row(of: record)
                let columns = values.map(\.column)
                if columns != segment.columns || action != segment.action {
                    Self.close(&segment, &text, into: &set)
                    segment = RowSegment(action: action, columns: columns)
                    start = 0
                    shape = nil
                } else if action == .write {
                    // The second one of its kind: it pays to remember what it looks like.
                    shape = self.shape(of: record)
                }
                try write(values, to: &text)
                segment.ends.append(text.count)
                segment.records.append(index)
            } catch {
                text.cut(to: start)
                set.rejected[index] = Self.rejection(error, record)
            }
        }
        Self.close(&segment, &text, into: &set)
        return set
    }

    private func shape(of record: ConnectorRecord) -> RowShape? {
        guard case .fields = plan, case .object(let object)? = try? Self.parsed(record) else { return nil }
        return RowShape(object, table)
    }

    /// Whether a record is just to be written.
    private func isPlain(_ record: ConnectorRecord) -> Bool {
        guard let changes else { return true }
        do { return try changes.action(of: record) == nil } catch { return false }
    }

    private static func close(_ segment: inout RowSegment, _ text: inout ValueText, into set: inout RowSet) {
        if !segment.records.isEmpty {
            segment.bytes = text.bytes
            set.segments.append(segment)
        }
        text = ValueText()
    }

    private static func rejection(_ error: any Error, _ record: ConnectorRecord) -> ConnectorError {
        var rejection =
            error as? ConnectorError ?? ConnectorError(.invalidRecord, "the record cannot be a row", cause: error)
        rejection.code = .invalidRecord
        rejection.position = rejection.position ?? record.position
        return rejection
    }

    private func write(_ values: [(column: Int, value: StructuredValue)], to text: inout ValueText) throws {
        for (place, value) in values.enumerated() {
            if place > 0 { text.separate() }
            let column = table.columns[value.column]
            do {
                try text.append(value.value, column.kind)
            } catch {
                throw ConnectorError(.invalidRecord, "the column '\(column.name)': \(error.message)")
            }
        }
        text.endRow()
    }

    private func row(
        of record: ConnectorRecord
    ) throws -> (action: RowAction, values: [(column: Int, value: StructuredValue)]) {
        guard let changes, let action = try changes.action(of: record) else {
            let values = try values(of: record)
            try checkKeys(values.map(\.column))
            return (.write, values)
        }
        if action == .truncate { return (action, []) }
        let values = try values(of: record)
        try checkKeys(values.map(\.column))
        if action == .delete { return (action, values.filter { keys.contains($0.column) }) }
        return (values.count < table.columns.count ? .change : .write, values)
    }

    private func checkKeys(_ columns: [Int]) throws(ConnectorError) {
        guard let missing = keys.first(where: { !columns.contains($0) }) else { return }
        throw ConnectorError(
            .invalidRecord,
            "the record has no value for the key's column '\(table.columns[missing].name)'"
        )
    }
}

// MARK: Values

extension RowEncoder {
    /// The values of a record, in the order of the table's columns.
    private func values(of record: ConnectorRecord) throws -> [(column: Int, value: StructuredValue)] {
        switch plan {
        case .fields: return try fields(of: record)
        case .places(let places):
            let data = needsData ? try Self.data(of: record) : .null
            let event = needsEvent ? try record.event(defaults: defaults) : nil
            return try places.map { ($0.column, try $0.path.value(in: record, data, event) ?? .null) }
        }
    }

    private func fields(of record: ConnectorRecord) throws -> [(column: Int, value: StructuredValue)] {
        guard case .object(let object) = try Self.parsed(record) else {
            throw ConnectorError(
                .invalidRecord,
                "the data is not an object with a field for each column; have a function make one, or choose columns"
            )
        }
        var values: [(column: Int, value: StructuredValue)] = []
        values.reserveCapacity(object.members.count)
        var isSorted = true
        for member in object.members {
            guard let column = table.index(of: member.name) else {
                if ignoresUnknownFields { continue }
                throw ConnectorError(
                    .invalidRecord,
                    "the table \(table.name) has no column for the field '\(member.name.prefix(80))'; add it, or set "
                        + "ignoreUnknownFields"
                )
            }
            isSorted = isSorted && (values.last.map { $0.column < column } ?? true)
            values.append((column, member.value))
        }
        guard !values.isEmpty else {
            throw ConnectorError(.invalidRecord, "the data has no field that the table \(table.name) has a column for")
        }
        return isSorted ? values : values.sorted { $0.column < $1.column }
    }

    /// The data as the value it says it is: bytes and texts are JSON where their content type says so.
    private static func data(of record: ConnectorRecord) throws -> StructuredValue {
        switch record.data.form {
        case .bytes, .text:
            let type = record.contentType ?? ""
            let isJSON = type.hasPrefix("application/json") || type.contains("+json")
            return isJSON ? try parsed(record) : try record.data.structured
        default: return try record.data.structured
        }
    }

    /// The data where it has to be JSON.
    private static func parsed(_ record: ConnectorRecord) throws -> StructuredValue {
        switch record.data.form {
        case .bytes, .text, .json: try StructuredValue(json: record.heldBytes)
        default: try record.data.structured
        }
    }
}
