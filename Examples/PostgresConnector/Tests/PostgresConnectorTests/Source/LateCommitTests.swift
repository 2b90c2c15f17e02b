// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Testing

@testable import PostgresConnector

extension WithServer {
    @Suite struct LateCommitTests {
        private func numbers(_ batch: SourceBatch) -> [Int64] { batch.records.compactMap(\.number) }

        /// How a table gets its keys, and how it is read.
        enum Way: String, CaseIterable { case identity, drawnBefore, time }

        private func options(_ way: Way) -> TableSourceOptions {
            var options = TableSourceOptions(tables: ["t"], incrementing: "n")
            if way == .time { options.timestamp = "at" }
            if way == .drawnBefore { options.horizon = .transactions }
            options.interval = .milliseconds(10)
            return options
        }

        /// The statements of a transaction, before it inserts and while it does.
        private func begin(_ way: Way) -> [String] {
            switch way {
            case .identity: ["BEGIN", "INSERT INTO t DEFAULT VALUES"]
            case .drawnBefore: ["BEGIN", "SELECT set_config('test.n', nextval('t_n_seq')::text, true)"]
            case .time: ["BEGIN", "SELECT 1"]
            }
        }

        private func end(_ way: Way) -> [String] {
            switch way {
            case .identity: ["COMMIT"]
            case .drawnBefore: ["INSERT INTO t (n) VALUES (current_setting('test.n')::bigint)", "COMMIT"]
            case .time: ["INSERT INTO t DEFAULT VALUES", "COMMIT"]
            }
        }

        private static let columns = "n bigserial PRIMARY KEY, at timestamptz NOT NULL DEFAULT now()"

        @Test(arguments: Way.allCases) func aLateCommitWithALowerKeyIsNotLost(way: Way) async throws {
            let target = try await newTable(Self.columns)
            let clock = ManualClock()
            try await withConnection(target) { late in
                try await withConnection(target) { early in
                    for statement in begin(way) { try await late.run(statement, [], "a test") }
                    try await early.run("INSERT INTO t DEFAULT VALUES", [], "a test")
                    try await withReader(target, options(way), clock: clock.connectorClock) { reader in
                        let poll = Task { try await reader.poll(PollRequest(maxRecords: 100)) }
                        // It has looked and found that something may still come.
                        for _ in 0..<3 {
                            await clock.sleepers()
                            clock.advance(by: .milliseconds(10))
                        }
                        await clock.sleepers()
                        for statement in end(way) { try await late.run(statement, [], "a test") }
                        // Whoever begins now does not hold it up any more.
                        try await early.run("BEGIN", [], "a test")
                        try await early.run("INSERT INTO t DEFAULT VALUES", [], "a test")
                        clock.advance(by: .milliseconds(10))
                        #expect(Set(numbers(try await poll.value)) == [1, 2])
                        try await early.run("ROLLBACK", [], "a test")
                    }
                }
            }
        }

        @Test(arguments: Way.allCases) func nothingIsLostOrRepeatedWhileManyWrite(way: Way) async throws {
            let target = try await newTable(Self.columns)
            let (writers, transactions) = (6, 40)
            try await withThrowingTaskGroup(of: Int.self) { group in
                for writer in 0..<writers {
                    group.addTask {
                        try await withConnection(target) { connection in
                            var random = SystemRandomNumberGenerator()
                            var count = 0
                            for transaction in 0..<transactions {
                                for statement in begin(way) { try await connection.run(statement, [], "a test") }
                                for _ in 0..<Int.random(in: 0..<4, using: &random) { await Task.yield() }
                                let isLost = (writer + transaction).isMultiple(of: 7)
                                let rest = isLost ? ["ROLLBACK"] : end(way)
                                for statement in rest { try await connection.run(statement, [], "a test") }
                                count += isLost ? 0 : 1
                            }
                            return count
                        }
                    }
                }
                try await withReader(target, options(way)) { reader in
                    let expected = (0..<writers).reduce(0) { sum, writer in
                        sum + (0..<transactions).count { !(writer + $0).isMultiple(of: 7) }
                    }
                    var seen: [Int64] = []
                    while seen.count < expected { seen += numbers(try await reader.poll(PollRequest(maxRecords: 7))) }
                    var written = 0
                    for try await count in group { written += count }
                    #expect(written == expected)
                    let rows = try await PostgresServer.shared.execute("SELECT n FROM t ORDER BY n", in: target)
                    #expect(rows.compactMap { $0[0].flatMap { Int64($0) } } == seen.sorted())
                    if way != .time { #expect(seen == seen.sorted()) }
                }
            }
        }

        @Test func rowsOfOneTimeAreAUnit() async throws {
            let target = try await newTable("n int, at timestamptz")
            let rows =
                "SELECT n, '2026-01-01T00:00:00Z'::timestamptz + (n / 4) * interval '1 s' FROM generate_series(0, 11) AS n"
            try await PostgresServer.shared.execute("INSERT INTO t \(rows)", in: target)
            var options = TableSourceOptions(tables: ["t"], timestamp: "at")
            options.ends = true
            try await withReader(target, options) { reader in
                var records: [ConnectorRecord] = []
                while case let batch = try await reader.poll(PollRequest(maxRecords: 3)), !batch.isEnd {
                    #expect(batch.records.count <= 3)
                    records += batch.records
                }
                #expect(records.map { $0.offset != nil } == (0..<12).map { $0 % 4 == 3 })
                #expect(records[3].offset?.text == "2026-01-01 00:00:00+00")
            }
        }

        @Test func theDigitsOfNumbersAreKept() async throws {
            let target = try await newTable("n bigint PRIMARY KEY, x numeric, b bytea, j jsonb")
            let values = "9223372036854775807, 12345678901234567890.0123456789, '\\x00ff', '{\"a\": 1.50}'"
            try await PostgresServer.shared.execute("INSERT INTO t VALUES (\(values))", in: target)
            var options = TableSourceOptions(tables: ["t"], incrementing: "n")
            options.ends = true
            try await withReader(target, options) { reader in
                let batch = try await reader.poll(PollRequest(maxRecords: 3))
                let expected = """
                    {"n":9223372036854775807,"x":12345678901234567890.0123456789,"b":"\\\\x00ff","j":{"a": 1.50}}
                    """
                #expect(batch.records.first?.data.text == expected)
                #expect(batch.records.first?.offset == RecordOffset(.max))
                #expect(batch.records.first?.contentType == "application/json")
            }
        }
    }
}
