// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// A place in the server's log (chapter "pg_lsn Type" of the manual).
struct LogPosition: Sendable, Hashable, Comparable, CustomStringConvertible {
    let number: UInt64

    init(_ number: UInt64) { self.number = number }

    /// The text that the server writes, such as `16/B374D848`.
    init?(_ text: String) {
        let parts = text.split(separator: "/")
        guard parts.count == 2, let high = UInt32(parts[0], radix: 16), let low = UInt32(parts[1], radix: 16) else {
            return nil
        }
        number = UInt64(high) << 32 | UInt64(low)
    }

    static func < (left: LogPosition, right: LogPosition) -> Bool { left.number < right.number }

    var description: String {
        String(number >> 32, radix: 16, uppercase: true) + "/"
            + String(number & 0xFFFF_FFFF, radix: 16, uppercase: true)
    }
}

/// How far changes are read: within the snapshot before them, or in the log.
enum ChangePlace: Sendable, Hashable {
    /// Behind a row of a table, by its key; the log is read from the start on afterwards.
    case snapshot(start: LogPosition, table: Int, key: [String])
    /// Everything before is read.
    case log(LogPosition)

    var offset: RecordOffset {
        switch self {
        case .log(let position): RecordOffset(Int64(bitPattern: position.number))
        case .snapshot(let start, let table, let key):
            RecordOffset("\(start)|\(table)|" + key.map(Self.escape).joined(separator: "|"))
        }
    }

    /// - Throws: `corruptOffsets` where it is not an offset of changes.
    init(_ offset: RecordOffset) throws(ConnectorError) {
        if let number = offset.sequence, offset.incarnation == 0, number >= 0 {
            self = .log(LogPosition(UInt64(number)))
            return
        }
        let parts = offset.text?.parts(between: "|") ?? []
        guard parts.count > 2, let start = LogPosition(parts[0]), let table = Int(parts[1]), table >= 0 else {
            throw ConnectorError(
                .corruptOffsets,
                "the stored offset \(offset) is no place in a server's log or in a snapshot; it was stored by another "
                    + "source: use another name for the pipeline, or remove the offset to begin with a snapshot"
            )
        }
        self = .snapshot(start: start, table: table, key: parts.dropFirst(2).map(Self.unescape))
    }

    private static func escape(_ text: String) -> String {
        text.replacing("%", by: "%25").replacing("|", by: "%7C")
    }

    private static func unescape(_ text: String) -> String {
        var parts = text.parts(between: "%")
        let first = parts.removeFirst()
        return first + parts.map { ($0.utf8.starts(with: "7C".utf8) ? "|" : "%") + $0.dropping(bytes: 2) }.joined()
    }
}
