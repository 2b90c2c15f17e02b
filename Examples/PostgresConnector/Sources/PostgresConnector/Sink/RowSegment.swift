// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// What is done with rows.
enum RowAction: Sendable, Hashable {
    /// They are written as the mode says.
    case write
    /// The rows that are there are changed, and no others made.
    case change
    /// Those with their keys are removed.
    case delete
    /// All rows of the table are removed.
    case truncate
}

/// Rows one after the other with which the same is done, and that give values to the same columns, in the text format of
/// COPY.
struct RowSegment: Sendable {
    var action = RowAction.write
    /// The indices of the columns in the table, ascending.
    let columns: [Int]
    /// The rows, each with a line end.
    var bytes: [UInt8] = []
    /// Where each row ends.
    var ends: [Int] = []
    /// The index of each row's record in its batch.
    var records: [Int] = []

    /// The text of some of the rows.
    func text(of rows: Range<Int>) -> [UInt8] {
        if rows == 0..<ends.count { return bytes }
        let start = rows.lowerBound == 0 ? 0 : ends[rows.lowerBound - 1]
        let end = rows.isEmpty ? start : ends[rows.upperBound - 1]
        return Array(bytes[start..<end])
    }
}

/// The rows of a batch.
struct RowSet: Sendable {
    var segments: [RowSegment] = []
    /// Records that cannot become rows, by their index.
    var rejected: [Int: ConnectorError] = [:]
}
