// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// The id of an event whose record has none of its own.
///
/// | partition and offset | id |
/// |---|---|
/// | the only partition, sequence 42 | `42` |
/// | partition `access.log`, sequence 42 | `access.log:42` |
/// | the same in incarnation 0x1f3a | `access.log:42.1f3a` |
/// | the text `a/b c` | `access.log:~a/b%20c` |
/// | fields of schema version 1 | `access.log:1~%7B%22lsn%22%3A7%7D` |
///
/// A part of a split record has the id of that record, `/` and its index: `access.log:42/1`.
///
/// A replay gives the same id, and no two positions of a source do: what follows the last colon is the offset, and
/// everything in it but digits is percent-encoded. The event's source tells the ids of different pipelines apart.
enum EventIdentity {
    static func id(_ partition: RecordPartition, _ offset: RecordOffset) -> String {
        prefix(partition) + text(offset)
    }

    /// What the ids of all records of a partition begin with. It needs no escapes in JSON.
    static func prefix(_ partition: RecordPartition) -> String {
        let name = partition.name
        guard !name.isEmpty else { return "" }
        var output: [UInt8] = []
        for scalar in name.unicodeScalars {
            if isKept(scalar) {
                output.append(contentsOf: UTF8.encode(scalar) ?? .init())
            } else {
                for byte in String(scalar).utf8 { PercentText.append(escape: byte, to: &output) }
            }
        }
        return String(decoding: output, as: UTF8.self) + ":"
    }

    /// The id of one of the records that one was split into, from that record's id.
    static func part(_ index: Int, of id: String) -> String { "\(id)/\(index)" }

    private static func text(_ offset: RecordOffset) -> String {
        if let sequence = offset.sequence {
            return offset.incarnation == 0 ? "\(sequence)" : "\(sequence)." + String(offset.incarnation, radix: 16)
        }
        if let text = offset.text { return "~" + PercentText.encode(text) }
        return "\(offset.large?.version ?? 0)~" + PercentText.encode(offset.large?.bytes ?? .init())
    }

    /// Keeps what can be read: printable ASCII but space, `%`, `"` and `\`, and letters of other scripts.
    private static func isKept(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "%", "\"", "\\": false
        case "!"..."~": true
        default: scalar.value >= 0xA0 && scalar.properties.isAlphabetic
        }
    }
}

extension ConnectorRecord {
    /// The id that the record's event has: its own, or the one that is made from partition and offset.
    package var eventID: String? { id ?? offset.map { EventIdentity.id(partition, $0) } }

    /// Makes the record one of several that one was split into: an id tells them apart, and is the same in a replay.
    package mutating func becomePart(_ index: Int) {
        if let whole = eventID { id = EventIdentity.part(index, of: whole) }
    }
}
