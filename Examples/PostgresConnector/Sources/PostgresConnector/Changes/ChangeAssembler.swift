// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// Makes records of the messages of a log: those of a transaction are a unit.
///
/// Which change is the last of its transaction is known only when the next message has come, so one is always kept back.
struct ChangeAssembler: Sendable {
    private let partition: RecordPartition
    private var relations: [UInt32: LogRelation] = [:]
    /// When the open transaction was committed, in microseconds since 2000.
    private var time: Int64?
    private var kept: ConnectorRecord?
    /// Whether the open transaction has had a change.
    private var hasChanges = false
    /// How many records were taken since one that ended a transaction.
    private var takenOfOpen = 0
    /// How many of the next changes to leave out: of a transaction that comes again after the connection broke.
    private var skipping = 0
    /// What is ready.
    private(set) var records: [ConnectorRecord] = []
    /// How many bytes that is.
    private(set) var bytes = 0

    init(_ partition: RecordPartition) { self.partition = partition }

    /// Whether a transaction has begun and not ended.
    var isOpen: Bool { time != nil }

    /// Begins anew in a new connection, which sends again what comes behind the last whole transaction that was taken.
    mutating func reconnect() {
        skipping = takenOfOpen
        records = []
        bytes = 0
        relations = [:]
        time = nil
        kept = nil
        hasChanges = false
    }

    /// The records that are ready, as many as were asked for.
    mutating func take(_ request: PollRequest) -> [ConnectorRecord] {
        var taken = 0
        var size = 0
        for record in records.prefix(request.maxRecords) {
            size += record.data.bytes.count
            if size > request.maxBytes, taken > 0 { break }
            taken += 1
        }
        let result = Array(records.prefix(taken))
        for record in result { takenOfOpen = record.offset == nil ? takenOfOpen + 1 : 0 }
        records.removeFirst(taken)
        bytes = records.isEmpty ? 0 : max(0, bytes - size)
        return result
    }

    /// Takes note of a message.
    ///
    /// - Returns: the end of a transaction without records.
    mutating func note(_ message: LogMessage) throws(ConnectorError) -> LogPosition? {
        switch message {
        case .begin(_, let time, _): self.time = time
        case .commit(let end, _): return finish(end)
        case .relation(let relation): relations[relation.identifier] = relation
        case .insert(let relation, let new): add("insert", try table(relation), new)
        case .update(let relation, let old, let new): try update(try table(relation), old, new)
        case .delete(let relation, let old): add("delete", try table(relation), old)
        case .truncate(let relations):
            for relation in relations { add("truncate", try table(relation), nil) }
        case .other: break
        }
        return nil
    }

    private func table(_ identifier: UInt32) throws(ConnectorError) -> LogRelation {
        if let relation = relations[identifier] { return relation }
        throw ConnectorError(.fatal, "the server sent a change of a table that it did not describe")
    }

    /// A row whose key changed is another one: the old one is deleted first.
    private mutating func update(_ table: LogRelation, _ old: LogRow?, _ new: LogRow) throws(ConnectorError) {
        if let old, Self.key(table, old) != Self.key(table, new) { add("delete", table, old) }
        add("update", table, new)
    }

    private mutating func finish(_ end: UInt64) -> LogPosition? {
        kept?.offset = ChangePlace.log(LogPosition(end)).offset
        handOver()
        defer {
            time = nil
            hasChanges = false
        }
        return hasChanges ? nil : LogPosition(end)
    }

    private mutating func handOver() {
        guard let record = kept else { return }
        kept = nil
        if skipping > 0 {
            skipping -= 1
        } else {
            records.append(record)
            bytes += record.data.bytes.count
        }
    }

    // MARK: Records

    private mutating func add(_ operation: String, _ table: LogRelation, _ row: LogRow?) {
        handOver()
        hasChanges = true
        kept = Self.record(operation, table, row, partition, time)
    }

    private static func record(
        _ operation: String,
        _ table: LogRelation,
        _ row: LogRow?,
        _ partition: RecordPartition,
        _ time: Int64?
    ) -> ConnectorRecord {
        // Of a deleted row only the identity is known; values that are not in the message are left out.
        let values = row.map { operation == "delete" ? identity(table, $0) : members(table, $0) }
        var record = ConnectorRecord(
            values.map { .structured(.object(StructuredObject($0))) } ?? .absent,
            partition: partition,
            timestamp: time.map { RecordTimestamp(nanosecondsSince1970: ($0 &+ microsecondsTo2000) &* 1000) }
        )
        record.type = "org.openconnect.postgres-cdc.\(operation)"
        record.subject = "\(table.schema).\(table.name)"
        record.contentType = "application/json"
        if let row {
            let key = identity(table, row)
            if !key.isEmpty { record.key = .structured(.object(StructuredObject(key))) }
        }
        return record
    }

    private static let microsecondsTo2000: Int64 = 946_684_800_000_000

    private static func members(_ table: LogRelation, _ row: LogRow) -> [(String, StructuredValue)] {
        zip(table.columns, row.values).compactMap { column, value in
            switch value {
            case .unchanged: nil
            case .null: (column.name, .null)
            case .text(let text): (column.name, ColumnValue.value(text, of: column.type))
            }
        }
    }

    private static func identity(_ table: LogRelation, _ row: LogRow) -> [(String, StructuredValue)] {
        let columns = zip(table.columns, row.values).filter { $0.0.isKey }
        let part = LogRelation(identifier: 0, schema: "", name: "", columns: columns.map(\.0))
        return members(part, LogRow(values: columns.map(\.1)))
    }

    private static func key(_ table: LogRelation, _ row: LogRow) -> StructuredValue {
        .object(StructuredObject(identity(table, row)))
    }
}
