// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// A message of the output plugin `pgoutput`, protocol version 1 (chapter "Logical Replication Message Formats" of the manual).
enum LogMessage: Sendable, Hashable {
    /// A transaction begins: the place of its commit in the log, and when that was, in microseconds since 2000.
    case begin(commit: UInt64, time: Int64, transaction: UInt32)
    /// A transaction ends: the place behind it in the log.
    case commit(end: UInt64, time: Int64)
    case relation(LogRelation)
    case insert(relation: UInt32, new: LogRow)
    /// The old row is there where its key changed, or where the table's replica identity is the whole row.
    case update(relation: UInt32, old: LogRow?, new: LogRow)
    /// The key, or the whole row, as the table's replica identity says.
    case delete(relation: UInt32, old: LogRow)
    case truncate(relations: [UInt32])
    /// What says nothing about rows: origins, types, messages of applications.
    case other(UInt8)
}

/// What the rows of a table look like from now on.
struct LogRelation: Sendable, Hashable {
    struct Column: Sendable, Hashable {
        let name: String
        /// The object identifier of the type.
        let type: UInt32
        /// Whether it belongs to the key that tells rows apart.
        var isKey: Bool
    }

    let identifier: UInt32
    let schema: String
    let name: String
    /// Whether the replica identity is the whole row: then all columns belong to the key, until another one is known.
    let isFull: Bool
    var columns: [Column]
}

/// The values of a row, in the order of the relation's columns.
struct LogRow: Sendable, Hashable {
    enum Value: Sendable, Hashable {
        case null
        /// Too large for the row itself, and not changed: it is not in the message.
        case unchanged
        /// As the type writes it.
        case text(String)
    }

    var values: [Value]
}

extension LogMessage {
    /// Reads a message.
    ///
    /// - Throws: `fatal` where it is cut off, or is none of the protocol's.
    init(_ bytes: [UInt8]) throws(ConnectorError) {
        var reader = LogReader(bytes)
        let kind = try reader.byte()
        switch kind {
        case UInt8(ascii: "B"):
            self = .begin(commit: try reader.number(), time: try reader.number(), transaction: try reader.number())
        case UInt8(ascii: "C"):
            _ = try reader.bytes(1 + 8)
            self = .commit(end: try reader.number(), time: try reader.number())
        case UInt8(ascii: "R"): self = .relation(try LogRelation(&reader))
        case UInt8(ascii: "I"):
            let relation: UInt32 = try reader.number()
            guard try reader.byte() == UInt8(ascii: "N") else { throw Self.unknown(kind) }
            self = .insert(relation: relation, new: try LogRow(&reader))
        case UInt8(ascii: "U"): self = try Self.update(&reader)
        case UInt8(ascii: "D"):
            let relation: UInt32 = try reader.number()
            guard [UInt8(ascii: "K"), UInt8(ascii: "O")].contains(try reader.byte()) else { throw Self.unknown(kind) }
            self = .delete(relation: relation, old: try LogRow(&reader))
        case UInt8(ascii: "T"):
            let count: UInt32 = try reader.number()
            _ = try reader.byte()
            guard Int(count) * 4 == reader.count else { throw Self.unknown(kind) }
            var relations: [UInt32] = []
            for _ in 0..<count { relations.append(try reader.number()) }
            self = .truncate(relations: relations)
        case UInt8(ascii: "O"), UInt8(ascii: "Y"), UInt8(ascii: "M"):
            self = .other(kind)
        default: throw Self.unknown(kind)
        }
    }

    private static func update(_ reader: inout LogReader) throws(ConnectorError) -> LogMessage {
        let relation: UInt32 = try reader.number()
        var old: LogRow?
        var mark = try reader.byte()
        if mark == UInt8(ascii: "K") || mark == UInt8(ascii: "O") {
            old = try LogRow(&reader)
            mark = try reader.byte()
        }
        guard mark == UInt8(ascii: "N") else { throw unknown(UInt8(ascii: "U")) }
        return .update(relation: relation, old: old, new: try LogRow(&reader))
    }

    fileprivate static func unknown(_ kind: UInt8) -> ConnectorError {
        ConnectorError(
            .fatal,
            "the server sent a replication message of the kind \(kind) that protocol version 1 does not have in this form"
        )
    }
}

extension LogRelation {
    init(_ reader: inout LogReader) throws(ConnectorError) {
        identifier = try reader.number()
        schema = try reader.text()
        name = try reader.text()
        isFull = try reader.byte() == UInt8(ascii: "f")
        let count: UInt16 = try reader.number()
        var columns: [Column] = []
        for _ in 0..<count {
            let flags = try reader.byte()
            let name = try reader.text()
            let type: UInt32 = try reader.number()
            _ = try reader.bytes(4)
            columns.append(Column(name: name, type: type, isKey: flags & 1 == 1))
        }
        self.columns = columns
    }
}

extension LogRow {
    init(_ reader: inout LogReader) throws(ConnectorError) {
        let count: UInt16 = try reader.number()
        var values: [Value] = []
        for _ in 0..<count {
            let kind = try reader.byte()
            switch kind {
            case UInt8(ascii: "n"): values.append(.null)
            case UInt8(ascii: "u"): values.append(.unchanged)
            case UInt8(ascii: "t"):
                let length: Int32 = try reader.number()
                values.append(.text(String(decoding: try reader.bytes(Int(length)), as: UTF8.self)))
            default: throw LogMessage.unknown(kind)
            }
        }
        self.values = values
    }
}
