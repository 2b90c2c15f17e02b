// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

extension PostgresChangeSource: ConnectionChecking {
    /// Connects, looks whether the server keeps what is needed, and whether slot and publication are there or may be made.
    public func checkConnection(_ context: ConnectorContext) async throws {
        do {
            try await check()
        } catch let failure as PostgresFailure {
            await connection.close()
            throw failure.error("checking the slot \"\(options.slot)\"")
        } catch {
            await connection.close()
            throw error
        }
        await connection.close()
    }

    private func check() async throws {
        try await connection.open()
        let rows = try await connection.run(
            """
            SELECT current_setting('wal_level'),
                EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = $1 AND slot_type = 'logical'),
                EXISTS (SELECT FROM pg_publication WHERE pubname = $2)
            """,
            [PostgresParameter(options.slot), PostgresParameter(options.publication)],
            "checking the slot \"\(options.slot)\""
        ).rows
        let (level, hasSlot, hasPublication) = (rows[0][0], rows[0][1] == "t", rows[0][2] == "t")
        guard level == "logical" else {
            throw ConnectorError(
                .invalidConfiguration,
                "the server's wal_level is \(level ?? "unknown"); set it to logical, and start the server again"
            )
        }
        guard options.creates || (hasSlot && hasPublication) else {
            throw ConnectorError(
                .invalidConfiguration,
                "there is no " + (hasSlot ? "publication \"\(options.publication)\"" : "slot \"\(options.slot)\"")
                    + "; make it, or set create"
            )
        }
    }
}
