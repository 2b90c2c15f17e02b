// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import Glibc
import OpenConnect
import Testing

@testable import PostgresConnector

extension WithServer {
    @Suite struct TableToTableTests {
        private static let kills = 30
        private static let rows = 1000

        @Test(.timeLimit(.minutes(10))) func anAppendOnlyTableWithoutKeyIsExactUnderKill9() async throws {
            let server = try PostgresServer.shared
            let target = try await server.newDatabase()
            for table in ["source (n bigserial PRIMARY KEY, item text)", "target (n bigint, item text)"] {
                try await server.execute("CREATE TABLE \(table)", in: target)
            }
            let pipeline = try PipelineProcess(
                target,
                source: """
                    "type": "postgres-table", "tables": ["source"], "incrementing": "n", "interval": "5ms", "fetchSize": 50
                    """,
                sink: "\"table\": \"target\""
            )
            try await withConnection(target) { connection in
                for kill in 0..<Self.kills {
                    let insert = """
                        INSERT INTO source (item) SELECT 'item ' || g FROM generate_series(1, \(Self.rows)) AS g
                        """
                    try await connection.run(insert, [], "a test")
                    // Some kills hit a process that has only begun, some one that waits for more.
                    let isEarly = kill % 5 == 4
                    let enough = try await count("target", connection) + (isEarly ? 0 : Int.random(in: 1...900))
                    try await pipeline.killed { process in
                        if isEarly { try await Task.sleep(for: .milliseconds(.random(in: 0...60))) }
                        try await untilThere(enough, process, connection)
                    }
                }
                try await withChildProcess(pipeline.command) { process in
                    try await untilThere(Self.kills * Self.rows, process, connection)
                    process.send(SIGTERM)
                    #expect(await process.wait() == .exited(0), "\(process.standardError)")
                }
                let difference = "SELECT count(*) FROM (TABLE source EXCEPT ALL TABLE target) AS d"
                #expect(try await connection.run(difference, [], "a test").rows == [["0"]])
                #expect(try await count("target", connection) == Self.kills * Self.rows)
            }
        }

        private func count(_ table: String, _ connection: PostgresConnection) async throws -> Int {
            let rows = try await connection.run("SELECT count(*) FROM \(table)", [], "a test").rows
            return Int(rows[0][0] ?? "") ?? 0
        }

        private func untilThere(_ rows: Int, _ process: ChildProcess, _ connection: PostgresConnection) async throws {
            let isThere = try await eventually { try await count("target", connection) >= rows }
            try #require(isThere, "\(process.standardError)")
        }
    }
}
