// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

@testable import PostgresConnector

/// A reader of the table `t`, as long as the closure runs.
func withReader(
    _ target: ConnectionTarget,
    _ options: TableSourceOptions,
    from offset: RecordOffset? = nil,
    clock: ConnectorClock = .continuous,
    _ body: (any PartitionReader) async throws -> Void
) async throws {
    try await withReader(try PostgresServer.shared.address(target), options, from: offset, clock: clock, body)
}

/// A reader of the table `t` behind an address, as long as the closure runs.
func withReader(
    _ address: PostgresAddress,
    _ options: TableSourceOptions,
    from offset: RecordOffset? = nil,
    clock: ConnectorClock = .continuous,
    _ body: (any PartitionReader) async throws -> Void
) async throws {
    let source = try PostgresTableSource(address, options: options)
    do {
        try await source.start(TestHost().context(clock))
        try await body(try await source.reader(of: RecordPartition("t"), from: offset))
        await source.stop()
    } catch {
        await source.stop()
        throw error
    }
}

/// A new table `t`.
func newTable(_ columns: String, _ statements: String...) async throws -> ConnectionTarget {
    let target = try await PostgresServer.shared.newDatabase()
    for statement in ["CREATE TABLE t (\(columns))"] + statements {
        try await PostgresServer.shared.execute(statement, in: target)
    }
    return target
}

extension PartitionReader {
    /// What is there up to the end.
    func batches(of size: Int) async throws -> [SourceBatch] {
        var batches: [SourceBatch] = []
        while case let batch = try await poll(PollRequest(maxRecords: size)), !batch.isEnd { batches.append(batch) }
        return batches
    }
}

extension ConnectorRecord {
    /// What the row has in the column `n`.
    var number: Int64? {
        guard case .object(let row)? = try? data.structured, case .integer(let n)? = row["n"] else { return nil }
        return n
    }
}
