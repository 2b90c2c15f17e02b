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
        try await database.run(file: Member.path("tables.sql"))
        try await database.query("CREATE TABLE target_log (id bigint, item text, price numeric)")
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
