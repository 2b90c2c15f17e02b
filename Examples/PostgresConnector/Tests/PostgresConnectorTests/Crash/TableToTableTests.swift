// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import Glibc
import OpenConnect
import Testing

@testable import PostgresConnector

extension WithServer {
    @Suite struct TableToTableTests {
        private static let kills = 10

        /// The command with a pipeline from one table to another, which has no key.
        private func command(_ directory: TemporaryDirectory, _ target: ConnectionTarget) throws -> ProcessCommand {
            let database = """
                "host": "127.0.0.1", "port": \(target.keywords["port"] ?? ""), "user": "postgres",
                "database": "\(target.keywords["dbname"] ?? "")", "tls": "disable"
                """
            try directory.write(
                """
                {
                  "offsets": { "type": "postgres", \(database), "createTables": true },
                  "pipelines": {
                    "copy": {
                      "source": {
                        "type": "postgres-table", \(database), "tables": ["source"], "incrementing": "n",
                        "interval": "5ms", "fetchSize": 50
                      },
                      "sinks": [ { "type": "postgres", \(database), "table": "target", "createPositions": true } ],
                      "delivery": { "commitInterval": "20ms" }
                    }
                  }
                }
                """,
                to: "pipelines.json"
            )
            return try ProcessCommand(built: "postgres-connector", ["run", "--config", directory["pipelines.json"]])
        }

        @Test func anAppendOnlyTableWithoutKeyIsExactUnderKill9() async throws {
            let server = try PostgresServer.shared
            let target = try await server.newDatabase()
            let directory = try TemporaryDirectory()
            for table in ["source (n bigserial PRIMARY KEY, item text)", "target (n bigint, item text)"] {
                try await server.execute("CREATE TABLE \(table)", in: target)
            }
            let command = try command(directory, target)
            try await withConnection(target) { connection in
                func count(_ table: String) async throws -> Int {
                    let rows = try await connection.run("SELECT count(*) FROM \(table)", [], "a test").rows
                    return Int(rows[0][0] ?? "") ?? 0
                }
                func untilThere(_ rows: Int, _ process: ChildProcess) async throws {
                    let isThere = try await eventually { try await count("target") >= rows }
                    try #require(isThere, "\(process.standardError)")
                }
                for _ in 0..<Self.kills {
                    let insert = "INSERT INTO source (item) SELECT 'item ' || g FROM generate_series(1, 2000) AS g"
                    try await connection.run(insert, [], "a test")
                    let enough = try await count("target") + Int.random(in: 1...1500)
                    try await withChildProcess(command) { process in
                        try await untilThere(enough, process)
                        process.send(SIGKILL)
                        _ = await process.wait()
                    }
                }
                try await withChildProcess(command) { process in
                    let all = Self.kills * 2000
                    try await untilThere(all, process)
                    process.send(SIGTERM)
                    #expect(await process.wait() == .exited(0), "\(process.standardError)")
                }
                let difference = "SELECT count(*) FROM (TABLE source EXCEPT ALL TABLE target) AS d"
                #expect(try await connection.run(difference, [], "a test").rows == [["0"]])
                #expect(try await count("target") == Self.kills * 2000)
            }
        }
    }
}
