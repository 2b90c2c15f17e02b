// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import Glibc

@testable import PostgresConnector

/// The command with a pipeline in a database of the tests.
struct PipelineProcess: Sendable {
    let directory: TemporaryDirectory
    let command: ProcessCommand

    /// - Parameters:
    ///   - store, source, sink: settings beside those of the connection.
    init(
        _ target: ConnectionTarget,
        store: String = "",
        source: String,
        sink: String,
        delivery: String = "\"commitInterval\": \"20ms\""
    ) throws {
        directory = try TemporaryDirectory()
        let database = """
            "host": "127.0.0.1", "port": \(target.keywords["port"] ?? ""), "user": "postgres",
            "database": "\(target.keywords["dbname"] ?? "")", "tls": "disable"
            """
        try directory.write(
            """
            {
              "offsets": { "type": "postgres", \(database), "createTables": true\(store.isEmpty ? "" : ", ")\(store) },
              "pipelines": {
                "copy": {
                  "source": { \(source), \(database) },
                  "sinks": [ { "type": "postgres", \(database), "createPositions": true, \(sink) } ],
                  "delivery": { \(delivery) }
                }
              }
            }
            """,
            to: "pipelines.json"
        )
        command = try ProcessCommand(built: "postgres-connector", ["run", "--config", directory["pipelines.json"]])
    }

    /// Runs it until the closure returns, and kills it then.
    func killed(_ body: (ChildProcess) async throws -> Void) async throws {
        try await withChildProcess(command) { process in
            try await body(process)
            process.send(SIGKILL)
            _ = await process.wait()
        }
    }
}
