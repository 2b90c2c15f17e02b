// SPDX-License-Identifier: Apache-2.0

extension LogRelation {
    /// Puts values that were too large to be repeated in their places, where the whole old row is known.
    func completed(_ new: LogRow, from old: LogRow?) -> LogRow {
        guard isFull, let old, old.values.count == new.values.count else { return new }
        var row = new
        for index in row.values.indices where row.values[index] == .unchanged { row.values[index] = old.values[index] }
        return row
    }

    /// Whether the key is another one.
    func isOtherRow(_ old: LogRow, _ new: LogRow) -> Bool {
        zip(columns, zip(old.values, new.values)).contains { column, values in
            column.isKey && values.1 != .unchanged && values.0 != values.1
        }
    }
}

extension LogRow {
    /// Whether each value is known.
    var isComplete: Bool { !values.contains(.unchanged) }

    /// About how many bytes a record of it takes.
    var size: Int {
        values.reduce(100) { size, value in
            if case .text(let text) = value { size + text.utf8.count + 20 } else { size + 20 }
        }
    }
}
