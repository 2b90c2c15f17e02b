// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Up to where a table can be read without leaving out what is committed later with a lower key.
///
/// A key is given before its row can be seen, so a transaction with a lower key may commit last. First the end of what is
/// there is read, then which transactions are running that may still add something below it; when all of these have ended,
/// the table is complete up to that end. Transactions that began later get higher keys and are not waited for.
struct TableHorizon: Sendable {
    private var pending: (end: String, transactions: Set<String>)?
    /// The table is complete up to here.
    private(set) var end: String?

    /// Whether something is known to be there and not yet complete.
    var isWaiting: Bool { pending != nil }

    /// Takes note of the end of what is there, and of the transactions that were running after that was read.
    mutating func note(end: String?, running: Set<String>) {
        if let pending, pending.transactions.isDisjoint(with: running) {
            self.end = pending.end
            self.pending = nil
        }
        guard pending == nil, let end else { return }
        if running.isEmpty {
            self.end = end
        } else {
            pending = (end, running)
        }
    }

    /// How long a transaction may be beginning: the server notes the time of one a moment before others see that it runs.
    static let beginning = Duration.milliseconds(20)

    /// The transactions that have to end first, by the name that the server gives each.
    static func running(_ horizon: TableSourceOptions.Horizon, _ table: TableName) -> PostgresStatement {
        guard horizon == .writers else {
            // An idle session that holds a lock has the number 0 for a transaction.
            return PostgresStatement(
                """
                SELECT DISTINCT l.virtualtransaction FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
                WHERE l.pid IS DISTINCT FROM pg_backend_pid() AND l.virtualtransaction NOT LIKE '%/0'
                AND (a.datname IS NULL OR a.datname = current_database())
                AND coalesce(a.backend_type, '') NOT IN ('autovacuum worker', 'walsender')
                """
            )
        }
        // Locks are taken before a row gets its key, and given back after the row can be seen.
        return PostgresStatement(
            """
            SELECT DISTINCT virtualtransaction FROM pg_locks
            WHERE locktype = 'relation' AND granted AND pid IS DISTINCT FROM pg_backend_pid()
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND relation IN (SELECT $1::regclass::oid UNION SELECT relid FROM pg_partition_tree($1::regclass))
            AND mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
            """,
            [PostgresParameter(table.sql)]
        )
    }
}
