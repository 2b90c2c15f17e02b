// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import MockKafka

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A process of the story, as it would run on a machine of its own.
struct Member: Sendable {
    let name: String
    let command: ProcessCommand

    /// The one that reads tables, and the two that share the work of writing.
    static func all(_ database: Database, _ cluster: MockCluster) throws -> [Member] {
        [
            try Member("reader", Self.path("reader.json"), database, cluster),
            try Member("writer-1", Self.path("writer.json"), database, cluster),
            try Member("writer-2", Self.path("writer.json"), database, cluster),
        ]
    }

    /// A reader that is not killed, and two members that write a table without a key.
    static func exactlyOnce(_ database: Database, _ cluster: MockCluster) throws -> [Member] {
        let reader = """
            {
              "offsets": { "type": "postgres", "url": "${env:DATABASE_URL}", "createTables": true },
              "pipelines": {
                "rows": {
                  "source": { "type": "postgres-table", "url": "${env:DATABASE_URL}", "tables": ["source_rows"],
                    "incrementing": "id", "interval": "100ms" },
                  "sinks": [ { "type": "kafka", "brokers": ["${env:KAFKA_BROKER}"], "topic": "rows", "keyless": "any-partition" } ]
                }
              }
            }
            """
        let writer = """
            {
              "pipelines": {
                "rows-to-log": {
                  "source": { "type": "kafka", "brokers": ["${env:KAFKA_BROKER}"], "topics": ["rows"], "group": "log",
                    "client": { "session.timeout.ms": "4000", "heartbeat.interval.ms": "200" } },
                  "sinks": [ { "type": "postgres", "url": "${env:DATABASE_URL}", "table": "target_log", "createPositions": true } ],
                  "delivery": { "commitInterval": "50ms", "maxPollRecords": 20 }
                }
              }
            }
            """
        let (readerPath, writerPath) = ("\(database.directory)/reader.json", "\(database.directory)/writer.json")
        try write(reader, to: readerPath)
        try write(writer, to: writerPath)
        return [
            try Member("reader", readerPath, database, cluster),
            try Member("writer-1", writerPath, database, cluster),
            try Member("writer-2", writerPath, database, cluster),
        ]
    }

    /// Where a file of the package is.
    static func path(_ name: String) -> String {
        let package = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
        return (package + [Substring(name)]).joined(separator: "/")
    }

    private static func write(_ text: String, to path: String) throws {
        guard let file = fopen(path, "w") else { throw Database.Failure(description: "\(path): \(errno)") }
        fputs(text, file)
        fclose(file)
    }

    private init(_ name: String, _ configuration: String, _ database: Database, _ cluster: MockCluster) throws {
        guard let broker = cluster.brokers.first else {
            throw Database.Failure(description: "the cluster has no broker")
        }
        self.name = name
        var command = try ProcessCommand(built: "replicator", ["run", "--config", configuration])
        command.environment = ["DATABASE_URL": database.url, "KAFKA_BROKER": broker]
        self.command = command
    }
}
