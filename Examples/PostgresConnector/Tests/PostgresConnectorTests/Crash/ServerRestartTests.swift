// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import Glibc
import OpenConnect
import Testing

@testable import PostgresConnector

/// The server is stopped and started again while a pipeline runs from one table to another.
@Suite struct ServerRestartTests {
    private static let sources = [
        "\"type\": \"postgres-table\", \"tables\": [\"source\"], \"incrementing\": \"n\", \"interval\": \"5ms\"",
        """
        "type": "postgres-cdc", "slot": "s", "publication": "p", "tables": ["source"], "create": true
        """,
    ]

    @Test(.timeLimit(.minutes(10)), arguments: sources, [SIGINT, SIGQUIT])
    func nothingIsLostOrRepeated(source: String, signal: Int32) async throws {
        let directory = try TemporaryDirectory()
        let server = try await PostgresServer.initialize(in: directory.path)
        let target = server.target()
        let pipeline = try PipelineProcess(target, source: source, sink: "\"table\": \"target\"")
        try await server.running { _ in
            for table in ["source (n bigserial PRIMARY KEY, item text)", "target (n bigint, item text)"] {
                try await server.execute("CREATE TABLE \(table)", in: target)
            }
        }
        // It begins while there is no server.
        try await withChildProcess(pipeline.command) { process in
            for _ in 0..<3 {
                try await server.running(until: signal) { _ in
                    try await insert(server)
                    try await untilEqual(server, process)
                    // What is under way when the server stops.
                    try await insert(server)
                }
            }
            try await server.running { _ in
                try await untilEqual(server, process)
                process.send(SIGTERM)
                #expect(await process.wait() == .exited(0), "\(process.standardError)")
            }
            #expect(process.standardError.contains("failed and is tried again"), "\(process.standardError)")
        }
    }

    private func insert(_ server: PostgresServer) async throws {
        try await server.execute("INSERT INTO source (item) SELECT 'an item' FROM generate_series(1, 500)")
    }

    private func untilEqual(_ server: PostgresServer, _ process: ChildProcess) async throws {
        let query = """
            SELECT count(*), (SELECT count(*) FROM source) = (SELECT count(*) FROM target)
            FROM (TABLE source EXCEPT ALL TABLE target) AS d
            """
        let isEqual = try await eventually { try await server.execute(query) == [["0", "t"]] }
        try #require(isEqual, "\(process.standardError)")
    }
}
