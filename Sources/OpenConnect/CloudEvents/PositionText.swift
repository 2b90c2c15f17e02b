// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// Partition and offset as the text of one extension attribute: `sequence:42@access.log`.
package struct PositionText: Equatable {
    package var partition: RecordPartition
    package var offset: RecordOffset?

    /// The text that only says: there is none, whatever the attributes below look like.
    static let none = "none"

    /// Nothing where the record is of the single partition and has no offset.
    init?(of record: ConnectorRecord) {
        guard record.hasOffset || record.partition != .single else { return nil }
        partition = record.partition
        offset = record.offset
    }

    /// The text of a stored position.
    package init(_ position: RecordPosition) {
        partition = position.partition
        offset = position.offset
    }

    package var text: String { offsetText + "@" + PercentText.encode(partition.name) }

    private var offsetText: String {
        guard let offset else { return "" }
        if let sequence = offset.sequence {
            return "sequence:\(sequence)" + (offset.incarnation == 0 ? "" : ":" + String(offset.incarnation, radix: 16))
        }
        if let text = offset.text { return "text:" + PercentText.encode(text) }
        guard let version = offset.schemaVersion, let large = offset.large else { return "" }
        return "fields:\(version):" + PercentText.encode(large.bytes)
    }

    /// Reads the text, or gives `nil` where ``text`` would not have written it.
    package init?(_ text: String) {
        guard let separator = text.lastIndex(of: "@"),
            let name = PercentText.decode(text[text.index(after: separator)...]).flatMap(String.init(validatingUTF8:))
        else { return nil }
        partition = RecordPartition(name)
        if separator > text.startIndex {
            guard let offset = Self.offset(text[..<separator]) else { return nil }
            self.offset = offset
        }
        guard offset != nil || partition != .single, self.text.utf8.elementsEqual(text.utf8) else { return nil }
    }

    private static func offset(_ text: Substring) -> RecordOffset? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        switch (parts[0], parts.count) {
        case ("sequence", 2):
            return Int64(parts[1]).map { RecordOffset($0) }
        case ("sequence", 3):
            guard let sequence = Int64(parts[1]), let incarnation = UInt64(parts[2], radix: 16) else { return nil }
            return RecordOffset(sequence, incarnation: incarnation)
        case ("text", 2):
            return PercentText.decode(parts[1]).flatMap(String.init(validatingUTF8:)).map { RecordOffset($0) }
        case ("fields", 3):
            guard let version = Int(parts[1]), let bytes = PercentText.decode(parts[2]) else { return nil }
            let large = LargeOffset(bytes: bytes, version: version)
            return RecordOffset(form: .encoded, first: 0, second: 0, large: large)
        default:
            return nil
        }
    }
}
