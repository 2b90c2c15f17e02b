// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect
import Testing

@testable import PostgresConnector

extension WithServer {
    @Suite struct ChangeSourceTests {
        /// A database with a table, and a slot of its own that is dropped in the end.
        private func withTable(
            _ definition: String,
            _ body: (_ target: ConnectionTarget, _ options: ChangeSourceOptions) async throws -> Void
        ) async throws {
            let server = try PostgresServer.shared
            let target = try await server.newDatabase()
            try await server.execute("CREATE TABLE t (\(definition))", in: target)
            var options = ChangeSourceOptions(slot: "slot_\(UInt64.random(in: 0 ... .max))", publication: "changes")
            options.tables = ["t"]
            options.creates = true
            let drop =
                "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '\(options.slot)'"
            do {
                try await body(target, options)
                _ = try await eventually { (try? await server.execute(drop, in: target)) != nil }
            } catch {
                _ = try await eventually { (try? await server.execute(drop, in: target)) != nil }
                throw error
            }
        }

        private func withSource<Result>(
            _ target: ConnectionTarget,
            _ options: ChangeSourceOptions,
            from offset: RecordOffset? = nil,
            port: UInt16? = nil,
            _ body: (PostgresChangeSource) async throws -> Result
        ) async throws -> Result {
            var address = try PostgresServer.shared.address(target)
            if let port { address.port = Int(port) }
            let source = try PostgresChangeSource(address, options: options)
            let partition = RecordPartition(options.slot)
            let stored = offset.map { [RecordPosition(partition: partition, offset: $0)] } ?? []
            do {
                try await source.start(TestHost(stored: stored).context)
                let result = try await body(source)
                await source.stop()
                return result
            } catch {
                await source.stop()
                throw error
            }
        }

        /// Reads until there are so many records.
        private func read(_ source: PostgresChangeSource, _ count: Int, max: Int = 1000) async throws
            -> [ConnectorRecord]
        {
            var records: [ConnectorRecord] = []
            while records.count < count {
                records += try await source.poll(PollRequest(maxRecords: min(max, count - records.count))).records
            }
            return records
        }

        private func words(_ record: ConnectorRecord) -> String {
            let data = record.data.isAbsent ? "" : " " + (record.data.text ?? "")
            return "\(record.type?.split(separator: ".").last ?? "")\(data)"
        }

        @Test func everyKindOfChangeIsRead() async throws {
            try await withTable("id int PRIMARY KEY, n numeric, j jsonb, big text") { target, options in
                let server = try PostgresServer.shared
                try await server.execute("ALTER TABLE t ALTER COLUMN big SET STORAGE EXTERNAL", in: target)
                try await server.execute(
                    "INSERT INTO t VALUES (1, 1.50, '{\"a\": 1.0}', repeat('x', 10000))",
                    in: target
                )
                try await withSource(target, options) { source in
                    let first = try await read(source, 1)
                    #expect(words(first[0]).hasPrefix("snapshot {\"id\":1,\"n\":1.50,\"j\":{\"a\":1.0},\"big\":\"xxx"))
                    for statement in [
                        "INSERT INTO t VALUES (2, 'NaN', NULL, 'größe')", "UPDATE t SET n = 2 WHERE id = 1",
                        "UPDATE t SET id = 3 WHERE id = 2", "DELETE FROM t WHERE id = 1", "TRUNCATE t",
                    ] {
                        try await server.execute(statement, in: target)
                    }
                    let records = try await read(source, 6)
                    #expect(
                        records.map(words) == [
                            "insert {\"id\":2,\"n\":\"NaN\",\"j\":null,\"big\":\"größe\"}",
                            // The large value was not changed, and is not there.
                            "update {\"id\":1,\"n\":2,\"j\":{\"a\":1.0}}", "delete {\"id\":2}",
                            "update {\"id\":3,\"n\":\"NaN\",\"j\":null,\"big\":\"größe\"}", "delete {\"id\":1}",
                            "truncate",
                        ]
                    )
                    #expect(records.map { $0.offset != nil } == [true, true, false, true, true, true])
                    #expect(records.allSatisfy { $0.subject == "public.t" && $0.timestamp != nil })
                    #expect(records[1].key?.text == "{\"id\":1}")
                }
            }
        }

        @Test func theSlotMovesOnlyByCommit() async throws {
            try await withTable("id bigserial PRIMARY KEY") { target, options in
                let server = try PostgresServer.shared
                let query = "SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = '\(options.slot)'"
                try await withSource(target, options) { source in
                    // The end of the empty snapshot.
                    let mark = try await source.poll(PollRequest(maxRecords: 10)).progress
                    #expect(mark.count == 1)
                    let before = try await server.execute(query, in: target)
                    try await server.execute("INSERT INTO t DEFAULT VALUES", in: target)
                    let records = try await read(source, 1)
                    #expect(try await server.execute(query, in: target) == before)
                    try await source.commit(records.compactMap(\.position))
                    #expect(try await eventually { try await server.execute(query, in: target) != before })
                    // An older commit does not move it back, and the log from there on is gone.
                    try await source.commit(mark)
                    let old = try #require(mark.first?.offset)
                    await source.stop()
                    let error = await connectorError {
                        try await withSource(target, options, from: old) {
                            _ = try await $0.poll(PollRequest(maxRecords: 1))
                        }
                    }
                    #expect(error?.code == .corruptOffsets)
                }
            }
        }

        @Test func aLargeTransactionGoesOnAfterTheConnectionBroke() async throws {
            try await withTable("id int PRIMARY KEY") { target, options in
                let server = try PostgresServer.shared
                let proxy = try Proxy(to: server.port)
                defer { proxy.close() }
                var options = options
                options.readsSnapshot = false
                try await withSource(target, options, port: proxy.port) { source in
                    try await server.execute("INSERT INTO t SELECT generate_series(1, 20000)", in: target)
                    try await server.execute("INSERT INTO t SELECT generate_series(20001, 20010)", in: target)
                    var records = try await read(source, 7000, max: 100)
                    #expect(records.allSatisfy { $0.offset == nil })
                    proxy.breakAll()
                    // What was received already may be returned before the failure.
                    var failures = 0
                    while records.count < 20010 {
                        do {
                            records += try await source.poll(PollRequest(maxRecords: 1000)).records
                        } catch let error as ConnectorError where error.code == .notConnected {
                            failures += 1
                        }
                    }
                    #expect(failures > 0)
                    let numbers = records.compactMap { record -> Int64? in
                        guard case .object(let row)? = try? record.data.structured, case .integer(let id)? = row["id"]
                        else { return nil }
                        return id
                    }
                    #expect(numbers == Array(1...20010))
                    #expect(records.indices.filter { records[$0].offset != nil } == [19999, 20009])
                }
            }
        }

        @Test func aSnapshotThatWasCutOffGoesOnByKey() async throws {
            try await withTable("a int, b text, PRIMARY KEY (a, b)") { target, options in
                let server = try PostgresServer.shared
                try await server.execute(
                    "INSERT INTO t SELECT g / 2, 'b|%' || g FROM generate_series(0, 9) AS g",
                    in: target
                )
                var options = options
                options.fetchSize = 3
                let first = try await withSource(target, options) { try await read($0, 5, max: 2) }
                try await server.execute("INSERT INTO t VALUES (100, 'late')", in: target)
                let rest = try await withSource(target, options, from: first.last?.offset) { source in
                    // The row that came meanwhile is in the new snapshot, and in the log again.
                    try await read(source, 7)
                }
                let keys = (first + rest).map { words($0) }
                #expect(keys.prefix(10) == (0..<10).map { "snapshot {\"a\":\($0 / 2),\"b\":\"b|%\($0)\"}" }[...])
                #expect(keys.suffix(2) == ["snapshot {\"a\":100,\"b\":\"late\"}", "insert {\"a\":100,\"b\":\"late\"}"])
            }
        }

        @Test func aSlotThatIsGoneIsNoStartFromZero() async throws {
            try await withTable("id int PRIMARY KEY") { target, options in
                let error = await connectorError {
                    try await withSource(target, options, from: RecordOffset(1)) { _ in }
                }
                #expect(error?.code == .corruptOffsets)
                var missing = options
                missing.creates = false
                let other = await connectorError { try await withSource(target, missing) { _ in } }
                #expect(other?.code == .invalidConfiguration)
            }
        }
    }
}
