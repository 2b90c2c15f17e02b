// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import Glibc
import OpenConnect
import Testing

@testable import PostgresConnector

extension WithServer {
    /// Two processes of the command with one configuration: an active one and its standby.
    @Suite struct CommandFailoverTests {
        private func withInstances(
            _ body: (_ pipeline: PipelineProcess, _ target: ConnectionTarget, _ connection: PostgresConnection)
                async throws
                -> Void
        ) async throws {
            let server = try PostgresServer.shared
            let target = try await server.newDatabase()
            for table in ["source (n bigserial PRIMARY KEY, item text)", "target (n bigint, item text)"] {
                try await server.execute("CREATE TABLE \(table)", in: target)
            }
            let pipeline = try PipelineProcess(
                target,
                source:
                    "\"type\": \"postgres-table\", \"tables\": [\"source\"], \"incrementing\": \"n\", \"interval\": \"5ms\"",
                sink: "\"table\": \"target\"",
                delivery: "\"claim\": \"wait\", \"commitInterval\": \"50ms\""
            )
            try await withConnection(target) { try await body(pipeline, target, $0) }
        }

        private func insert(_ connection: PostgresConnection) async throws {
            try await connection.run(
                "INSERT INTO source (item) SELECT 'an item' FROM generate_series(1, 100)",
                [],
                "a test"
            )
        }

        private func isEqual(_ connection: PostgresConnection) async throws -> Bool {
            let query = """
                SELECT count(*), (SELECT count(*) FROM source) = (SELECT count(*) FROM target)
                FROM (TABLE source EXCEPT ALL TABLE target) AS d
                """
            return try await connection.run(query, [], "a test").rows == [["0", "t"]]
        }

        private func untilActive(_ process: ChildProcess, _ connection: PostgresConnection) async throws {
            try await insert(connection)
            let isThere = try await eventually { try await isEqual(connection) }
            try #require(isThere, "\(process.standardError)")
        }

        private func untilWaiting(_ process: ChildProcess) async throws {
            let isWaiting = try await eventually { process.standardError.contains("waits") }
            try #require(isWaiting, "\(process.standardError)")
        }

        @Test(.timeLimit(.minutes(10))) func aStandbyGoesOnWhenTheActiveIsKilled() async throws {
            try await withInstances { pipeline, _, connection in
                try await withChildProcess(pipeline.command) { active in
                    try await untilActive(active, connection)
                    try await withChildProcess(pipeline.command) { standby in
                        try await untilWaiting(standby)
                        try await insert(connection)
                        let begin = ContinuousClock.now
                        active.send(SIGKILL)
                        try await untilActive(standby, connection)
                        print("failover of the command after kill -9: \(begin.duration(to: .now))")
                    }
                }
            }
        }

        /// With the lease that the store has by itself: ten seconds.
        @Test(.timeLimit(.minutes(10))) func aFrozenActiveIsReplacedAndFencedWhenItWakesUp() async throws {
            #expect(PostgresOffsetStoreOptions().lease == .seconds(10))
            try await withInstances { pipeline, _, connection in
                try await withChildProcess(pipeline.command) { active in
                    try await untilActive(active, connection)
                    try await withChildProcess(pipeline.command) { standby in
                        try await untilWaiting(standby)
                        let begin = ContinuousClock.now
                        active.send(SIGSTOP)
                        try await untilActive(standby, connection)
                        print("failover of the command after SIGSTOP: \(begin.duration(to: .now))")
                        try await insert(connection)
                        active.send(SIGCONT)
                        let isFenced = try await eventually { active.standardError.contains("fenced") }
                        #expect(isFenced, "\(active.standardError)")
                        try await untilActive(standby, connection)
                        // Its pipeline begins again, as a standby.
                        try await untilWaiting(active)
                        standby.send(SIGKILL)
                        try await untilActive(active, connection)
                        active.send(SIGTERM)
                        #expect(await active.wait() == .exited(0), "\(active.standardError)")
                        print(active.standardError)
                    }
                }
            }
        }
    }
}
