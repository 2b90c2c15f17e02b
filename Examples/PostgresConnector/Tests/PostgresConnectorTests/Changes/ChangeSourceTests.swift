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

        private func withSource<Result: Sendable>(
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
                let host = TestHost(stored: stored)
                try await source.start(host.context)
                let result = try await host.withTasks { try await body(source) }
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
                            "insert {\"id\":3,\"n\":\"NaN\",\"j\":null,\"big\":\"größe\"}", "delete {\"id\":1}",
                            "truncate",
                        ]
                    )
                    #expect(records.map { $0.offset != nil } == [true, true, false, true, true, true])
                    #expect(records.allSatisfy { $0.subject == "public.t" && $0.timestamp != nil })
                    #expect(records[1].key?.form == .text)
                    #expect(records[1].key?.text == "{\"id\":1}")
                    #expect(Set((first + records).compactMap(\.id)).count == 7)
                }
            }
        }

        @Test(arguments: ["DEFAULT", "FULL"])
        func aRowThatGetsAnotherKeyKeepsItsLargeValues(identity: String) async throws {
            try await withTable("id int PRIMARY KEY, n int, big text") { target, options in
                let server = try PostgresServer.shared
                for statement in [
                    "ALTER TABLE t ALTER COLUMN big SET STORAGE EXTERNAL", "ALTER TABLE t REPLICA IDENTITY \(identity)",
                    "INSERT INTO t VALUES (1, 1, repeat('x', 10000))",
                ] {
                    try await server.execute(statement, in: target)
                }
                try await withSource(target, options) { source in
                    _ = try await read(source, 1)
                    for statement in [
                        "UPDATE t SET n = 2", "UPDATE t SET id = 2", "DELETE FROM t",
                    ] {
                        try await server.execute(statement, in: target)
                        // Read while the row is there: the log alone does not have the value.
                        let records = try await read(source, statement.contains("id =") ? 2 : 1)
                        let isFull = identity == "FULL"
                        let large = ",\"big\":\"\(String(repeating: "x", count: 10000))\"}"
                        switch statement {
                        case "UPDATE t SET n = 2":
                            #expect(records.map(words) == ["update {\"id\":1,\"n\":2\(isFull ? large : "}")"])
                        case "UPDATE t SET id = 2":
                            let old = "delete {\"id\":1" + (isFull ? ",\"n\":2\(large)" : "}")
                            #expect(records.map(words) == [old, "insert {\"id\":2,\"n\":2\(large)"])
                            #expect(records.map { $0.key?.text } == ["{\"id\":1}", "{\"id\":2}"])
                        default: #expect(records.first?.key?.text == "{\"id\":2}")
                        }
                    }
                }
            }
        }

        @Test func columnsThatThePrimaryKeyOnlyIncludesAreNoPartOfIt() async throws {
            try await withTable("id int, n int, PRIMARY KEY (id) INCLUDE (n)") { target, options in
                let server = try PostgresServer.shared
                for statement in ["ALTER TABLE t REPLICA IDENTITY FULL", "INSERT INTO t VALUES (1, 1)"] {
                    try await server.execute(statement, in: target)
                }
                try await withSource(target, options) { source in
                    let snapshot = try await read(source, 1)
                    try await server.execute("UPDATE t SET n = 2", in: target)
                    let records = snapshot + (try await read(source, 1))
                    #expect(records.map(words) == ["snapshot {\"id\":1,\"n\":1}", "update {\"id\":1,\"n\":2}"])
                    #expect(records.map { $0.key?.text } == ["{\"id\":1}", "{\"id\":1}"])
                }
            }
        }

        @Test func aTransactionThatIsReadAgainHasTheSameIds() async throws {
            try await withTable("id int PRIMARY KEY") { target, options in
                var options = options
                options.readsSnapshot = false
                let (first, start) = try await withSource(target, options) { source in
                    let start = try #require(await source.place).offset
                    try await PostgresServer.shared.execute("INSERT INTO t VALUES (1), (2), (3)", in: target)
                    return (try await read(source, 3), start)
                }
                let again = try await withSource(target, options, from: start) { try await read($0, 3) }
                #expect(Set(first.compactMap(\.id)).count == 3)
                #expect(first.map(\.id) == again.map(\.id))
            }
        }

        @Test func theServerIsAnsweredWhilePollingRests() async throws {
            try await withTable("id int PRIMARY KEY") { target, options in
                let server = try PostgresServer.shared
                var options = options
                options.statusInterval = .milliseconds(20)
                try await withSource(target, options) { source in
                    _ = try await source.poll(PollRequest(maxRecords: 1))
                    try await server.execute("INSERT INTO t VALUES (1)", in: target)
                    _ = try await read(source, 1)
                    // Nobody polls from here on.
                    #expect(try await isHeard(options, target))
                }
            }
        }

        /// Whether the server hears of the source again and again.
        private func isHeard(_ options: ChangeSourceOptions, _ target: ConnectionTarget) async throws -> Bool {
            let query = """
                SELECT reply_time FROM pg_stat_replication
                WHERE pid = (SELECT active_pid FROM pg_replication_slots WHERE slot_name = '\(options.slot)')
                """
            var times: Set<String> = []
            return try await eventually {
                times.formUnion(try await PostgresServer.shared.execute(query, in: target).compactMap { $0[0] })
                return times.count > 3
            }
        }

        @Test func theSlotMovesOnlyByCommit() async throws {
            try await withTable("id bigserial PRIMARY KEY") { target, options in
                let server = try PostgresServer.shared
                let query = "SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = '\(options.slot)'"
                var options = options
                options.statusInterval = .milliseconds(20)
                try await withSource(target, options) { source in
                    // The end of the empty snapshot.
                    let mark = try await source.poll(PollRequest(maxRecords: 10)).progress
                    #expect(mark.count == 1)
                    let before = try await server.execute(query, in: target)
                    try await server.execute("INSERT INTO t DEFAULT VALUES", in: target)
                    let records = try await read(source, 1)
                    // The server is told what was received, too.
                    #expect(try await isHeard(options, target))
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
