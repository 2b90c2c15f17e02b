// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension TableCursor {
    /// The offset of a place: the number itself, or the values as the server writes them.
    func offset(_ place: [String]) -> RecordOffset {
        guard columns.count == 1 else { return RecordOffset(place.map(Self.escaped).joined(separator: "|")) }
        let value = place.first ?? ""
        if columns[0].isInteger, let number = Int64(value) { return RecordOffset(number) }
        return RecordOffset(value)
    }

    /// The place of an offset; that of a time alone is behind all rows of that time.
    ///
    /// - Throws: `corruptOffsets` where it is not one of this cursor's.
    func place(_ offset: RecordOffset) throws(ConnectorError) -> [String] {
        if columns.count == 1, columns[0].isInteger {
            if let number = offset.sequence, offset.incarnation == 0 { return [String(number)] }
        } else if let text = offset.text {
            let parts = columns.count == 1 ? [text] : text.parts(between: "|").map(Self.unescaped)
            let isWhole = parts.count == columns.count || (isByTime && parts.count == 1)
            if isWhole, parts.first != "" { return parts }
        }
        throw foreign(offset)
    }

    /// Reads the values of a place as those of the columns.
    func reading(_ place: [String]) -> PostgresStatement {
        let values = zip(columns, place).enumerated().map { "$\($0 + 1)::\($1.0.type)" }.joined(separator: ", ")
        return PostgresStatement("SELECT \(values)", place.map { PostgresParameter($0) })
    }

    func foreign(_ offset: RecordOffset) -> ConnectorError {
        ConnectorError(
            .corruptOffsets,
            "the stored offset \(offset) of \(table) is no place in the order of "
                + columns.map { "'\($0.name)' (\($0.type))" }.joined(separator: " and ")
                + "; name the columns that it was read by, or remove the offset to read the table from its beginning"
        )
    }

    private static func escaped(_ value: String) -> String {
        value.replacing("%", by: "%25").replacing("|", by: "%7C")
    }

    private static func unescaped(_ text: String) -> String {
        let bytes = Array(text.utf8).replacing("%7C".utf8, with: "|".utf8).replacing("%25".utf8, with: "%".utf8)
        return String(decoding: bytes, as: UTF8.self)
    }
}
