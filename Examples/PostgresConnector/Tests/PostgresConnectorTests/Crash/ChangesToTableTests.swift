// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import Glibc
import OpenConnect
import Testing

@testable import PostgresConnector

extension WithServer {
    @Suite struct ChangesToTableTests {
        private static let kills = 30

        private func pipeline(_ target: ConnectionTarget) throws -> PipelineProcess {
            try PipelineProcess(
                target,
                source: """
                    "type": "postgres-cdc", "slot": "crash", "publication": "changes", "tables": ["source"],
                    "create": true, "fetchSize": 20
                    """,
                sink: "\"table\": \"target\", \"mode\": \"upsert\", \"changes\": true",
                delivery: "\"commitInterval\": \"20ms\", \"maxInFlightRecords\": 64"
            )
        }

        /// A transaction of each kind, of which no second one gives the same rows; now and then one that is far larger than
        /// what may be in flight.
        private func write(_ number: Int, _ connection: PostgresConnection) async throws {
            let first = number * 1000
            var statements = [
                "INSERT INTO source SELECT g, g, repeat('x', 5000) FROM generate_series(\(first), \(first + 99)) AS g",
                "UPDATE source SET n = n + 1 WHERE id % 3 = \(number % 3)",
                "UPDATE source SET id = id + 500 WHERE id % 1000 < 50 AND id >= \(first)",
                "DELETE FROM source WHERE id % 7 = \(number % 7)",
            ]
            if number % 10 == 5 { statements.insert("TRUNCATE source", at: 0) }
            try await connection.run(statements.map { PostgresStatement($0) }, "a test")
            try await connection.run("INSERT INTO source VALUES (-\(number + 1), 0, 'small')", [], "a test")
        }

        private func isEqual(_ connection: PostgresConnection) async throws -> Bool {
            let query = """
                SELECT count(*) FROM ((TABLE source EXCEPT ALL TABLE target) UNION ALL (TABLE target EXCEPT ALL TABLE source)) d
                """
            return try await connection.run(query, [], "a test").rows == [["0"]]
        }

        @Test(.timeLimit(.minutes(10))) func theTargetEqualsItsSourceUnderKill9() async throws {
            let server = try PostgresServer.shared
            let target = try await server.newDatabase()
            for table in ["source", "target"] {
                let columns = "id bigint PRIMARY KEY, n bigint NOT NULL, big text NOT NULL"
                try await server.execute("CREATE TABLE \(table) (\(columns))", in: target)
                try await server.execute("ALTER TABLE \(table) ALTER COLUMN big SET STORAGE EXTERNAL", in: target)
            }
            let fill = "INSERT INTO source SELECT -g, 0, repeat('y', 3000) FROM generate_series(1000, 2000) AS g"
            try await server.execute(fill, in: target)
            let pipeline = try pipeline(target)
            try await withConnection(target) { connection in
                for kill in 0..<Self.kills {
                    try await pipeline.killed { process in
                        if kill > 2 { try await write(kill, connection) }
                        // The position grows with each transaction of the sink.
                        let before = try await position(connection)
                        let isLong = kill % 5 != 4
                        let moved = try await eventually { try await position(connection) != before || !isLong }
                        try #require(moved, "\(process.standardError)")
                        try await Task.sleep(for: .milliseconds(.random(in: 0...60)))
                    }
                }
                try await withChildProcess(pipeline.command) { process in
                    let isThere = try await eventually { try await isEqual(connection) }
                    #expect(isThere, "\(process.standardError)")
                    process.send(SIGTERM)
                    #expect(await process.wait() == .exited(0), "\(process.standardError)")
                }
            }
            _ = try await eventually {
                (try? await server.execute("SELECT pg_drop_replication_slot('crash')", in: target)) != nil
            }
        }

        private func position(_ connection: PostgresConnection) async throws -> String? {
            let table = "SELECT to_regclass('openconnect.sink_positions') IS NOT NULL"
            guard try await connection.run(table, [], "a test").rows == [["t"]] else { return nil }
            let query = "SELECT max(position) FROM openconnect.sink_positions"
            return try await connection.run(query, [], "a test").rows.first?.first ?? nil
        }
    }
}
