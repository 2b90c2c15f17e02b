// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Makes records of the messages of a log: those of a transaction are a unit.
///
/// Which change is the last of its transaction is known only when the next message has come, so one is always kept back.
struct ChangeAssembler: Sendable {
    private struct Ready: Sendable {
        let record: ConnectorRecord
        let size: Int
    }

    private let partition: RecordPartition
    private var relations: [UInt32: LogRelation] = [:]
    /// The open transaction.
    private var transaction: ChangeTransaction?
    private var kept: Ready?
    /// How many records were taken since one that ended a transaction.
    private var takenOfOpen = 0
    /// How many of the next changes to leave out: of a transaction that comes again after the connection broke.
    private var skipping = 0
    private var ready: [Ready] = []
    /// How many bytes are ready, about.
    private(set) var bytes = 0

    init(_ partition: RecordPartition) { self.partition = partition }

    /// Whether a transaction has begun and not ended.
    var isOpen: Bool { transaction != nil }

    /// Whether records of a transaction were taken whose end was not.
    var isWithinUnit: Bool { takenOfOpen > 0 }

    /// How many records are ready.
    var count: Int { ready.count }

    /// The table that changes with this identifier are of.
    func relation(_ identifier: UInt32) -> LogRelation? { relations[identifier] }

    /// Begins anew in a new connection, which sends again what comes behind the last whole transaction that was taken.
    mutating func reconnect() {
        self = ChangeAssembler(partition, skipping: takenOfOpen)
    }

    private init(_ partition: RecordPartition, skipping: Int) {
        self.partition = partition
        self.skipping = skipping
        takenOfOpen = skipping
    }

    /// The records that are ready, as many as were asked for.
    mutating func take(_ request: PollRequest) -> [ConnectorRecord] {
        var (taken, size) = (0, 0)
        for next in ready.prefix(request.maxRecords) {
            if size + next.size > request.maxBytes, taken > 0 { break }
            size += next.size
            taken += 1
        }
        let records = ready.prefix(taken).map(\.record)
        for record in records { takenOfOpen = record.offset == nil ? takenOfOpen + 1 : 0 }
        ready.removeFirst(taken)
        bytes -= size
        return records
    }

    /// Takes note of a message.
    ///
    /// - Returns: the end of a transaction without records.
    mutating func note(_ message: LogMessage) throws(ConnectorError) -> LogPosition? {
        switch message {
        case .begin(let commit, let time, _): transaction = ChangeTransaction(commit: LogPosition(commit), time: time)
        case .commit(let end, _): return finish(end)
        case .relation(let relation): relations[relation.identifier] = relation
        case .insert(let relation, let new): add(.insert, try table(relation), new)
        case .update(let relation, let old, let new): update(try table(relation), old, new)
        case .delete(let relation, let old): add(.delete, try table(relation), old)
        case .truncate(let relations):
            for relation in relations { add(.truncate, try table(relation), LogRow(values: [])) }
        case .other: break
        }
        return nil
    }

    private func table(_ identifier: UInt32) throws(ConnectorError) -> LogRelation {
        if let relation = relations[identifier] { return relation }
        throw ConnectorError(.fatal, "the server sent a change of a table that it did not describe")
    }

    private mutating func update(_ table: LogRelation, _ old: LogRow?, _ new: LogRow) {
        let new = table.completed(new, from: old)
        guard let old, table.isOtherRow(old, new) else { return add(.update, table, new) }
        // Of a row that is gone again by now, not all values could be read: nothing new can be made of it.
        add(.delete, table, old)
        add(new.isComplete ? .insert : .update, table, new)
    }

    private mutating func finish(_ end: UInt64) -> LogPosition? {
        let hasChanges = transaction?.changes ?? 0 > 0
        if let last = kept {
            var record = last.record
            record.offset = ChangePlace.log(LogPosition(end)).offset
            kept = Ready(record: record, size: last.size)
        }
        handOver()
        transaction = nil
        return hasChanges ? nil : LogPosition(end)
    }

    private mutating func handOver() {
        guard let last = kept else { return }
        kept = nil
        if skipping > 0 {
            skipping -= 1
        } else {
            ready.append(last)
            bytes += last.size
        }
    }

    private mutating func add(_ change: ChangeRecord.Kind, _ table: LogRelation, _ row: LogRow) {
        handOver()
        transaction?.changes += 1
        let record = ChangeRecord(change, table, row, transaction).record(partition)
        kept = Ready(record: record, size: row.size)
    }
}

/// A transaction of the log.
struct ChangeTransaction: Sendable {
    /// The place of its commit, which no other transaction has.
    let commit: LogPosition
    /// When it was committed, in microseconds since 2000.
    let time: Int64
    /// How many changes there were so far.
    var changes = 0
}
