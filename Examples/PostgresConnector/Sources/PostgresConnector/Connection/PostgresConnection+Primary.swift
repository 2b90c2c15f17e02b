// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension PostgresConnection {
    /// Runs statements in one round trip on a primary, to which a standby may have been promoted meanwhile.
    ///
    /// - Throws: as ``run(_:_:)`` does; `invalidConfiguration` on a standby.
    func runOnPrimary(_ statements: [PostgresStatement], _ task: String) async throws -> [PostgresResult] {
        // First, so that no answer is older than that to the question. Each time, as any connection may be to another server.
        let results = try await run([PostgresStatement("SELECT pg_is_in_recovery()")] + statements, task)
        guard results.first?.rows != [["t"]] else { throw standby(task) }
        return Array(results.dropFirst())
    }

    private func standby(_ task: String) -> ConnectorError {
        ConnectorError(
            .invalidConfiguration,
            "\(task): \(target) is a standby, which does not know what transactions of the primary may still add; read from "
                + "the primary: name it, or name all servers and add target_session_attrs=primary to `url`"
        )
    }
}
