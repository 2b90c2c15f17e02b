// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// Rows of one key that cannot become records.
///
/// The server takes JSON that a record does not: nested without a limit, and in the type `json` with halves of characters.
struct FlawedRows: Sendable {
    private var rows: [SharedBytes] = []
    private var first: (any Error)?

    var isEmpty: Bool { rows.isEmpty }

    mutating func add(_ row: SharedBytes, _ error: any Error) {
        rows.append(row)
        first = first ?? error
    }

    /// All of them as rejected input, each on a line; none are left.
    mutating func take(at index: Int, _ position: RecordPosition, of table: TableName) -> RejectedInput {
        defer { self = FlawedRows() }
        let subject = rows.count == 1 ? "a row" : "\(rows.count) rows"
        let reason = first.map { ($0 as? ConnectorError)?.message ?? "\($0)" } ?? ""
        let error = ConnectorError(
            .invalidRecord,
            "\(subject) of \(table) at \(position.offset) cannot become a record: \(reason); change the value, or read a view "
                + "that leaves it out",
            cause: first
        )
        let bytes = SharedBytes(Array(rows.joined(separator: [UInt8(ascii: "\n")])))
        return RejectedInput(at: index, position: position, error: error, bytes: bytes)
    }
}
