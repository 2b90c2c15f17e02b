// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import MockKafka
import Testing

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Tables are read by one process, their rows and changes travel through Kafka, and two other processes write tables. Any of
/// the three is killed, again and again, and started again.
@Suite("Tables to tables through Kafka", .timeLimit(.minutes(30)))
struct ReplicationTests {
    /// How often a process is killed: `STORY_KILLS`, or 9.
    private static let kills = getenv("STORY_KILLS").flatMap { Int(String(cString: $0)) } ?? 9

    @Test("whatever is killed, in the end the target tables equal the source tables")
    func survivesKills() async throws {
        let cluster = try MockCluster()
        try cluster.createTopic("rows", partitions: 4)
        try cluster.createTopic("changes", partitions: 4)
        try await Database.running { database in
            try await makeTables(database)
            try await write(0, database)
            let fleet = Fleet(try Member.all(database, cluster))
            try await fleet.running {
                for kill in 0..<Self.kills {
                    try await Task.sleep(for: .milliseconds(.random(in: 500...10_000)))
                    try await fleet.killOne()
                    try await write(kill + 1, database)
                }
                for (target, source) in Self.targets {
                    try await until("\(target) equals \(source)") {
                        try await difference(target, source, database) == "0"
                    }
                }
            }
            let repeats = "SELECT count(*) - count(DISTINCT (source, id)) FROM target_events"
            #expect(try await database.query(repeats) == "0")
            #expect(try await database.query("SELECT count(*) FROM target_events") == "\((Self.kills + 1) * 300)")
        }
    }
}

extension ReplicationTests {
    @Test("a table without any key gets each message once, whichever of the two members is killed")
    func exactlyOnce() async throws {
        let cluster = try MockCluster()
        try cluster.createTopic("rows", partitions: 4)
        try await Database.running { database in
            try await makeTables(database)
            try await write(0, database)
            let fleet = Fleet(try Member.exactlyOnce(database, cluster))
            try await fleet.running {
                for kill in 0..<Self.kills {
                    try await Task.sleep(for: .milliseconds(.random(in: 500...10_000)))
                    try await fleet.killOne { $0 != "reader" }
                    try await write(kill + 1, database)
                }
                try await until("each row is there once") {
                    try await difference("SELECT id, item, price FROM target_log", Self.targets[0].1, database) == "0"
                }
            }
        }
    }
}

extension ReplicationTests {
    /// What has to hold the same rows, as queries of the same columns.
    private static let targets = [
        ("SELECT id, item, price FROM target_rows", "SELECT id, item, price FROM source_rows"),
        (
            "SELECT (data->>'id')::bigint, data->>'item', (data->>'price')::numeric FROM target_events",
            "SELECT id, item, price FROM source_rows"
        ),
        ("SELECT id, n FROM target_changes", "SELECT id, n FROM source_changes"),
    ]

    private func difference(_ target: String, _ source: String, _ database: Database) async throws -> String {
        try await database.query(
            "SELECT count(*) FROM ((\(target) EXCEPT ALL \(source)) UNION ALL (\(source) EXCEPT ALL \(target))) d"
        )
    }

    private func makeTables(_ database: Database) async throws {
        for table in ["source_rows", "target_rows"] {
            let key = table == "source_rows" ? "bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY" : "bigint PRIMARY KEY"
            try await database.query("CREATE TABLE \(table) (id \(key), item text NOT NULL, price numeric)")
        }
        try await database.query(
            """
            CREATE TABLE target_events (
                source text, id text, type text, time timestamptz, data jsonb, PRIMARY KEY (source, id))
            """
        )
        try await database.query("CREATE TABLE target_log (id bigint, item text, price numeric)")
        for table in ["source_changes", "target_changes"] {
            try await database.query("CREATE TABLE \(table) (id bigint PRIMARY KEY, n bigint NOT NULL)")
        }
    }

    /// New rows, and changes, deletes and changed keys.
    private func write(_ number: Int, _ database: Database) async throws {
        try await database.query(
            "INSERT INTO source_rows (item, price) SELECT 'item ' || g, g / 100.0 FROM generate_series(1, 300) AS g"
        )
        try await database.query(
            """
            INSERT INTO source_changes SELECT \(number * 1000) + g, 0 FROM generate_series(1, 200) AS g;
            UPDATE source_changes SET n = n + 1 WHERE id % 3 = \(number % 3);
            UPDATE source_changes SET id = id + 500 WHERE id > \(number * 1000) AND id % 1000 < 20;
            DELETE FROM source_changes WHERE id % 11 = \(number % 11)
            """
        )
    }
}

/// A process of the story, as it would run on a machine of its own.
struct Member: Sendable {
    let name: String
    let command: ProcessCommand

    /// The one that reads tables, and the two that share the work of writing.
    static func all(_ database: Database, _ cluster: MockCluster) throws -> [Member] {
        let brokers = cluster.brokers.map { "\"\($0)\"" }.joined(separator: ", ")
        let reader = """
            {
              "offsets": { "type": "postgres", "url": "\(database.url)", "createTables": true },
              "pipelines": {
                "rows": {
                  "source": { "type": "postgres-table", "url": "\(database.url)", "tables": ["source_rows"],
                    "incrementing": "id", "interval": "100ms" },
                  "sinks": [ { "type": "kafka", "brokers": [\(brokers)], "topic": "rows" } ],
                  "delivery": { "commitInterval": "50ms", "claim": "wait" }
                },
                "changes": {
                  "source": { "type": "postgres-cdc", "url": "\(database.url)", "slot": "story", "publication": "story",
                    "tables": ["source_changes"], "create": true },
                  "sinks": [ { "type": "kafka", "brokers": [\(brokers)], "topic": "changes" } ],
                  "delivery": { "commitInterval": "50ms", "claim": "wait" }
                }
              }
            }
            """
        let writer = """
            {
              "pipelines": {
                "rows-to-table": {
                  "source": \(consumer("rows", "tables", brokers)),
                  "sinks": [ { "type": "postgres", "url": "\(database.url)", "table": "target_rows", "mode": "upsert", "createPositions": true } ],
                  "delivery": { "commitInterval": "50ms" }
                },
                "rows-to-events": {
                  "source": \(consumer("rows", "events", brokers)),
                  "sinks": [ { "type": "postgres", "url": "\(database.url)", "table": "target_events", "layout": "event",
                    "mode": "insert-new", "createPositions": true } ],
                  "delivery": { "commitInterval": "50ms" }
                },
                "changes-to-table": {
                  "source": \(consumer("changes", "changes", brokers)),
                  "sinks": [ { "type": "postgres", "url": "\(database.url)", "table": "target_changes", "mode": "upsert",
                    "changes": true, "createPositions": true } ],
                  "delivery": { "commitInterval": "50ms" }
                }
              }
            }
            """
        return [
            try Member("reader", reader, database), try Member("writer-1", writer, database),
            try Member("writer-2", writer, database),
        ]
    }

    /// A reader that is not killed, and two members that write a table without a key.
    static func exactlyOnce(_ database: Database, _ cluster: MockCluster) throws -> [Member] {
        let brokers = cluster.brokers.map { "\"\($0)\"" }.joined(separator: ", ")
        let reader = """
            {
              "offsets": { "type": "postgres", "url": "\(database.url)", "createTables": true },
              "pipelines": {
                "rows": {
                  "source": { "type": "postgres-table", "url": "\(database.url)", "tables": ["source_rows"],
                    "incrementing": "id", "interval": "100ms" },
                  "sinks": [ { "type": "kafka", "brokers": [\(brokers)], "topic": "rows", "keyless": "any-partition" } ]
                }
              }
            }
            """
        let writer = """
            {
              "pipelines": {
                "rows-to-log": {
                  "source": \(consumer("rows", "log", brokers)),
                  "sinks": [ { "type": "postgres", "url": "\(database.url)", "table": "target_log", "createPositions": true } ],
                  "delivery": { "commitInterval": "50ms", "maxPollRecords": 20 }
                }
              }
            }
            """
        return [
            try Member("reader", reader, database), try Member("writer-1", writer, database),
            try Member("writer-2", writer, database),
        ]
    }

    private static func consumer(_ topic: String, _ group: String, _ brokers: String) -> String {
        """
        { "type": "kafka", "brokers": [\(brokers)], "topics": ["\(topic)"], "group": "\(group)",
          "client": { "session.timeout.ms": "4000", "heartbeat.interval.ms": "200" } }
        """
    }

    private init(_ name: String, _ configuration: String, _ database: Database) throws {
        self.name = name
        let path = "\(database.directory)/\(name).json"
        guard let file = fopen(path, "w") else { throw Database.Failure(description: "\(path): \(errno)") }
        fputs(configuration, file)
        fclose(file)
        command = try ProcessCommand(built: "replicator", ["run", "--config", path])
    }
}
