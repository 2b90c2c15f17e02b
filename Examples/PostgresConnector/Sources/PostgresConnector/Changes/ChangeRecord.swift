// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// A change of a row, as the record that it becomes.
struct ChangeRecord: Sendable {
    /// What happened; it is the last part of the record's type.
    enum Kind: String, Sendable { case snapshot, insert, update, delete, truncate }

    /// What the types of all these records begin with.
    static let typePrefix = "org.openconnect.postgres-cdc."

    private let kind: Kind
    private let table: LogRelation
    private let row: LogRow
    private let transaction: ChangeTransaction?

    init(_ kind: Kind, _ table: LogRelation, _ row: LogRow, _ transaction: ChangeTransaction?) {
        self.kind = kind
        self.table = table
        self.row = row
        self.transaction = transaction
    }

    func record(_ partition: RecordPartition) -> ConnectorRecord {
        let hasRow = kind != .truncate
        var record = ConnectorRecord(
            hasRow ? .structured(.object(StructuredObject(members(isKeyOnly: isKeyOnly)))) : .absent,
            partition: partition,
            timestamp: transaction.map {
                RecordTimestamp(nanosecondsSince1970: ($0.time &+ Self.microsecondsTo2000) &* 1000)
            }
        )
        record.type = Self.typePrefix + kind.rawValue
        record.subject = "\(table.schema).\(table.name)"
        record.contentType = hasRow ? "application/json" : nil
        // The same when the transaction comes again, in this process or another one.
        record.id = transaction.map { "\(partition.name):\($0.commit):\($0.changes)" }
        if hasRow { record.key = Self.key(members(isKeyOnly: true)) }
        return record
    }

    /// The key as JSON text, which goes into `partitionkey`: so changes of a row keep their order where that counts.
    static func key(_ members: [(String, StructuredValue)]) -> RecordData? {
        guard !members.isEmpty else { return nil }
        return .text(String(decodingUTF8: StructuredValue.object(StructuredObject(members)).json))
    }

    /// Of a deleted row only the key is known, unless the replica identity is the whole row.
    private var isKeyOnly: Bool { kind == .delete && !table.isFull }

    static let microsecondsTo2000: Int64 = 946_684_800_000_000

    private func members(isKeyOnly: Bool) -> [(String, StructuredValue)] {
        zip(table.columns, row.values).compactMap { column, value in
            if isKeyOnly, !column.isKey { return nil }
            switch value {
            case .unchanged: return nil
            case .null: return (column.name, .null)
            case .text(let text): return (column.name, ColumnValue.value(text, of: column.type))
            }
        }
    }
}
