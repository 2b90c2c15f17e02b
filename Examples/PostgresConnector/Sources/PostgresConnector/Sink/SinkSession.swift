// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// The connection of a sink, with what it knows of the table.
actor SinkSession {
    private let options: PostgresSinkOptions
    private let name: TableName
    private let positions: SinkPositions
    private let connection: PostgresConnection
    private let context: ConnectorContext
    private var encoder: RowEncoder?
    private var statements: RowStatements?
    /// Whether the present connection has what it needs.
    private var isPrepared = false

    init(_ options: PostgresSinkOptions, _ target: ConnectionTarget, _ context: ConnectorContext) throws {
        self.options = options
        self.context = context
        name = try TableName(options.table)
        positions = SinkPositions(table: try TableName(options.positions))
        connection = PostgresConnection(target) { notice in
            context.emit(ConnectorEvent(.debug, "the server says: \(notice)"))
        }
    }

    private var task: String { "writing into \(name)" }

    // MARK: The connection

    /// Connects, unless connected, and looks at the table.
    func begin() async throws {
        if isPrepared, await connection.isOpen { return }
        isPrepared = false
        try await connection.open()
        do {
            try await prepare()
            isPrepared = true
        } catch let failure as PostgresFailure {
            await connection.close()
            var error = failure.error(task)
            if error.code == .invalidRecord { error.code = .fatal }
            throw error
        } catch {
            await connection.close()
            throw error
        }
    }

    private func prepare() async throws {
        if options.createPositions, try await connection.run([positions.presence], task).first?.rows != [["t"]] {
            try await connection.run(positions.creation, task)
        }
        let table = TargetTable(name, try await connection.run(TargetTable.description(of: name), task))
        let keys = options.keys.isEmpty && options.mode == .upsert ? table.primaryKey : options.keys
        if options.mode == .upsert, keys.isEmpty {
            throw ConnectorError(
                .invalidConfiguration,
                "the table \(name) has no primary key; name the columns of a unique constraint as keys"
            )
        }
        encoder = try RowEncoder(options, table, keys: keys, defaults: context.eventDefaults)
        let statements = RowStatements(table, mode: options.mode, keys: keys)
        self.statements = statements
        if !statements.preparation.isEmpty { try await connection.run(statements.preparation, task) }
    }

    func end() async {
        isPrepared = false
        await connection.close()
    }

    // MARK: Putting

    func put(_ batch: RecordBatch, advancing advance: PositionAdvance?) async throws -> PutResult {
        try await begin()
        guard let encoder else { throw ConnectorError(.fatal, "\(task): the table is not known") }
        let rows = encoder.rows(of: batch)
        guard rows.rejected.isEmpty else { return verdicts(rows.rejected, of: batch) }
        do {
            return try await outcome(of: rows, batch, advance)
        } catch let failure as PostgresFailure {
            throw failure.error(task)
        }
    }

    /// Writes the rows, or finds those that the server refuses.
    private func outcome(of rows: RowSet, _ batch: RecordBatch, _ advance: PositionAdvance?) async throws -> PutResult {
        do {
            try await apply(rows, advance)
            return .delivered
        } catch let failure as PostgresFailure where failure.isInvalidData && !rows.segments.isEmpty {
            let bad = try await guarded { try await self.badRows(in: rows, batch) }
            guard !bad.isEmpty else { throw fatal(failure) }
            return verdicts(bad, of: batch)
        }
    }

    private func fatal(_ failure: PostgresFailure) -> ConnectorError {
        var error = failure.error(task)
        error.code = .fatal
        error.message += "; it is no single row that is refused"
        return error
    }

    private func verdicts(_ rejected: [Int: ConnectorError], of batch: RecordBatch) -> PutResult {
        var verdicts: [Int: RecordVerdict] = [:]
        for index in batch.indices { verdicts[index] = rejected[index].map { .reject($0) } ?? .notTried }
        return .verdicts(verdicts)
    }

    private func apply(_ rows: RowSet, _ advance: PositionAdvance?) async throws {
        try await guarded {
            let start = [PostgresStatement("BEGIN")]
            let found = try await connection.run(start + (advance.map { positions.reading($0.scope) } ?? []), task)
            if let advance { try positions.check(advance, found) }
            for (index, segment) in rows.segments.enumerated() {
                try await write(segment, 0..<segment.records.count, isLast: index + 1 == rows.segments.count)
            }
            try await connection.run(
                (advance.map { positions.moving($0) } ?? []) + [PostgresStatement("COMMIT")],
                task
            )
        }
    }

    /// Leaves no transaction open, however the body ends.
    private func guarded<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch {
            await rollBack()
            throw error
        }
    }

    private func rollBack() async {
        guard await connection.isOpen else { return }
        // A task that is cancelled runs no statement any more: then the session goes, and the transaction with it.
        if Task.isCancelled { return await end() }
        do {
            try await connection.run([PostgresStatement("ROLLBACK")], task)
        } catch {
            await end()
        }
    }

    private func write(_ segment: RowSegment, _ rows: Range<Int>, isLast: Bool = false) async throws {
        guard let statements else { return }
        if let copy = statements.copy(segment.action, segment.columns) {
            try await connection.copy(copy, segment.text(of: rows), task)
        }
        // The end of the transaction clears, too.
        let merge = statements.merge(segment.action, segment.columns) + (isLast ? [] : statements.clearing)
        if !merge.isEmpty { try await connection.run(merge, task) }
    }

    // MARK: Bad rows

    /// The records whose rows the server refuses, with its reasons. Nothing is written.
    private func badRows(in rows: RowSet, _ batch: RecordBatch) async throws -> [Int: ConnectorError] {
        // What a constraint says at the end of the transaction otherwise, it says at the row then.
        try await connection.run(["BEGIN", "SET CONSTRAINTS ALL IMMEDIATE"].map { PostgresStatement($0) }, task)
        var bad: [Int: ConnectorError] = [:]
        for segment in rows.segments {
            var open = [0..<segment.records.count]
            while let range = open.popLast() {
                guard let failure = try await trial(segment, range) else { continue }
                if range.count == 1 {
                    let index = segment.records[range.lowerBound]
                    bad[index] = rejection(failure, batch[index])
                } else {
                    let middle = range.lowerBound + range.count / 2
                    open += [middle..<range.upperBound, range.lowerBound..<middle]
                }
            }
        }
        await rollBack()
        return bad
    }

    private func trial(_ segment: RowSegment, _ rows: Range<Int>) async throws -> PostgresFailure? {
        do {
            try await connection.run([PostgresStatement("SAVEPOINT openconnect")], task)
            try await write(segment, rows)
            try await connection.run([PostgresStatement("RELEASE SAVEPOINT openconnect")], task)
            return nil
        } catch let failure as PostgresFailure where failure.isInvalidData {
            let back = ["ROLLBACK TO SAVEPOINT openconnect", "RELEASE SAVEPOINT openconnect"]
            try await connection.run(back.map { PostgresStatement($0) }, task)
            return failure
        }
    }

    private func rejection(_ failure: PostgresFailure, _ record: ConnectorRecord) -> ConnectorError {
        var error = failure.error("writing the record into \(name)")
        error.code = .invalidRecord
        error.position = record.position
        return error
    }

    // MARK: Positions

    func positions(in scope: ClaimScope) async throws -> [StoredPosition] {
        try await begin()
        do {
            return try positions.positions(try await connection.run(positions.reading(scope), task))
        } catch let failure as PostgresFailure {
            var error = failure.error("reading the positions kept in \(positions.table)")
            if failure.state == "42P01" || failure.state == "3F000" {
                error.message += "; set createPositions to have it made"
            }
            throw error
        }
    }
}
