// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// What the types of records say about rows.
struct RowChanges: Sendable {
    private let table: TargetTable
    private let areApplied: Bool

    init(_ table: TargetTable, areApplied: Bool) {
        self.table = table
        self.areApplied = areApplied
    }

    /// What a record asks for, where that is not just to be written.
    ///
    /// - Throws: `invalidRecord` for a deletion that would be taken for a row.
    func action(of record: ConnectorRecord) throws(ConnectorError) -> RowAction? {
        guard let type = record.type else { return nil }
        if areApplied { return Self.action(type.split(separator: ".").last ?? "") }
        guard type.hasPrefix(ChangeRecord.typePrefix),
            let action = Self.action(type.dropFirst(ChangeRecord.typePrefix.count)), action != .change
        else { return nil }
        throw ConnectorError(
            .invalidRecord,
            "the record says that rows of \(record.subject ?? "a table") were deleted, and is no row itself; set changes "
                + "to have them deleted from \(table.name), or leave such records out"
        )
    }

    private static func action(_ name: Substring) -> RowAction? {
        switch name {
        case "delete": .delete
        case "truncate": .truncate
        case "update": .change
        default: nil
        }
    }
}
