// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Finds out where a slot is to be read from, and makes slot and publication where that was asked for.
struct SlotStart: Sendable {
    let options: ChangeSourceOptions
    /// For statements.
    let connection: PostgresConnection
    /// For the commands of the replication protocol.
    let stream: PostgresConnection

    private var task: String { "preparing the slot \"\(options.slot)\"" }

    /// The place to begin at, and the name of the snapshot that belongs to it where the slot is new.
    func place(after stored: RecordOffset?) async throws -> (place: ChangePlace, snapshot: String?) {
        try await preparePublication()
        let query =
            "SELECT confirmed_flush_lsn::text FROM pg_replication_slots WHERE slot_name = $1 AND slot_type = 'logical'"
        let slots = try await connection.run(query, [PostgresParameter(options.slot)], task).rows
        let stored = try stored.map { try ChangePlace($0) }
        guard let confirmed = slots.first?.first?.flatMap({ LogPosition($0) }) else {
            guard stored == nil else { throw gone("is not there any more") }
            return try await newSlot()
        }
        switch stored {
        case .log(let position)? where position < confirmed: throw gone("has moved on to \(confirmed)")
        case .snapshot(let start, _, _)? where start < confirmed: throw gone("has moved on to \(confirmed)")
        case let stored?: return (stored, nil)
        case nil: return (beginning(confirmed), nil)
        }
    }

    private func beginning(_ start: LogPosition) -> ChangePlace {
        options.readsSnapshot ? .snapshot(start: start, table: 0, key: []) : .log(start)
    }

    private func gone(_ what: String) -> ConnectorError {
        ConnectorError(
            .corruptOffsets,
            "the slot \"\(options.slot)\" \(what): changes behind the stored offset are lost; remove the offset and the "
                + "slot to begin with a new snapshot"
        )
    }

    private func newSlot() async throws -> (place: ChangePlace, snapshot: String?) {
        guard options.creates else {
            throw ConnectorError(
                .invalidConfiguration,
                "there is no replication slot \"\(options.slot)\"; make it, or set create"
            )
        }
        try await stream.open()
        let slot = SQL.identifier(options.slot)
        let made = try await stream.command("CREATE_REPLICATION_SLOT \(slot) LOGICAL pgoutput EXPORT_SNAPSHOT", task)
        guard let row = made.rows.first, row.count > 2, let start = row[1].flatMap({ LogPosition($0) }) else {
            throw ConnectorError(.fatal, "\(task): the server did not say where the slot begins")
        }
        return (beginning(start), row[2])
    }

    private func preparePublication() async throws {
        let name = PostgresParameter(options.publication)
        let query = "SELECT 1 FROM pg_publication WHERE pubname = $1"
        guard try await connection.run(query, [name], task).rows.isEmpty else { return }
        guard options.creates, !options.tables.isEmpty else {
            throw ConnectorError(
                .invalidConfiguration,
                "there is no publication \"\(options.publication)\"; make it, or set create and name its tables"
            )
        }
        let tables = try options.tables.map { try TableName($0).sql }.joined(separator: ", ")
        let publication = SQL.identifier(options.publication)
        try await connection.run("CREATE PUBLICATION \(publication) FOR TABLE \(tables)", [], task)
    }
}
