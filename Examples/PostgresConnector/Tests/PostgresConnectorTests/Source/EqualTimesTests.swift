// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Testing

@testable import PostgresConnector

extension WithServer {
    @Suite struct EqualTimesTests {
        private static let rows =
            "INSERT INTO t (n, at) SELECT n, '2026-01-01T00:00:00Z'::timestamptz + (n / 50) * interval '1 s' "
            + "FROM generate_series(0, 59) AS n"

        private var options: TableSourceOptions {
            var options = TableSourceOptions(tables: ["t"], timestamp: "at")
            options.fetchSize = 10
            options.ends = true
            return options
        }

        @Test func rowsOfOneTimeAreReadInPartsByThePrimaryKey() async throws {
            let target = try await newTable("at timestamptz, n int PRIMARY KEY", Self.rows)
            var offsets: [RecordOffset?] = []
            try await withReader(target, options) { reader in
                let batches = try await reader.batches(of: 100)
                #expect(batches.allSatisfy { $0.records.count <= 10 })
                #expect(batches.flatMap(\.records).map(\.number) == Array(0..<60))
                offsets = batches.flatMap(\.records).map(\.offset)
            }
            try await withReader(target, options, from: offsets[37]) { reader in
                let records = try await reader.batches(of: 100).flatMap(\.records)
                #expect(records.map(\.number) == Array(38..<60))
            }
        }

        @Test func columnsThatThePrimaryKeyOnlyIncludesAreNoPartOfIt() async throws {
            let target = try await newTable(
                "at timestamptz, a int, n int, note text, PRIMARY KEY (n, a) INCLUDE (note)",
                "INSERT INTO t SELECT now(), 60 - n, n, CASE WHEN n > 9 THEN 'x' END FROM generate_series(0, 59) AS n"
            )
            try await withReader(target, options) { reader in
                let records = try await reader.batches(of: 100).flatMap(\.records)
                #expect(records.map(\.number) == Array(0..<60))
                #expect(records.last?.offset?.text?.hasSuffix("|59|1") == true)
            }
        }

        @Test func anOffsetOfTheTimeAloneIsBehindAllRowsOfThatTime() async throws {
            let target = try await newTable("at timestamptz, n int PRIMARY KEY", Self.rows)
            try await withReader(target, options, from: RecordOffset("2026-01-01 00:00:00+00")) { reader in
                let records = try await reader.batches(of: 100).flatMap(\.records)
                #expect(records.map(\.number) == Array(50..<60))
            }
        }

        @Test func aKeyOfAnyTextsIsAPlace() async throws {
            let target = try await newTable(
                "n serial, at timestamptz, a text COLLATE \"C\", b text COLLATE \"C\", PRIMARY KEY (a, at, b)",
                """
                INSERT INTO t (at, a, b) VALUES (now(), '', ''), (now(), '%25', '|'), (now(), '%7C', ''),
                    (now(), '%7C|', '%'), (now(), '|', '|'), (now(), E'|\\u0301', E'\\u0301')
                """
            )
            var (offset, numbers): (RecordOffset?, [Int64?]) = (nil, [])
            for _ in 0..<6 {
                try await withReader(target, options, from: offset) { reader in
                    let record = try #require(try await reader.poll(PollRequest(maxRecords: 1)).records.first)
                    numbers.append(record.number)
                    offset = record.offset
                }
            }
            #expect(numbers == [1, 2, 3, 4, 5, 6])
        }

        @Test func tooManyRowsOfOneTimeWithoutAKeyAreRefusedUntilAColumnTellsThemApart() async throws {
            let target = try await newTable("at timestamptz, n int", Self.rows, "UPDATE t SET at = now() WHERE n > 3")
            var options = options
            options.tieLimit = 40
            var offset: RecordOffset?
            try await withReader(target, options) { reader in
                let records = try await reader.poll(PollRequest(maxRecords: 4)).records
                #expect(Set(records.map(\.number)) == [0, 1, 2, 3])
                offset = records.last?.offset
                let error = await connectorError { try await reader.poll(PollRequest(maxRecords: 4)) }
                #expect(error?.code == .invalidConfiguration)
                for words in ["more than 40 rows", "primary key", "'incrementing'", "'tieLimit'"] {
                    #expect(error?.message.contains(words) == true, "\(error?.message ?? "none")")
                }
            }
            options.incrementing = "n"
            try await withReader(target, options, from: offset) { reader in
                let records = try await reader.batches(of: 100).flatMap(\.records)
                #expect(records.map(\.number) == Array(4..<60))
            }
        }

        @Test func aLimitOfAnySizeIsOne() async throws {
            let target = try await newTable("at timestamptz, n int", Self.rows)
            var options = options
            options.tieLimit = .max
            try await withReader(target, options) { reader in
                let records = try await reader.batches(of: 100).flatMap(\.records)
                #expect(Set(records.map(\.number)) == Set(0..<60))
            }
        }

        @Test func asManyRowsOfOneTimeAsTheLimitAreAUnit() async throws {
            let target = try await newTable("at timestamptz, n int", Self.rows)
            var options = options
            options.tieLimit = 50
            try await withReader(target, options) { reader in
                let records = try await reader.batches(of: 7).flatMap(\.records)
                #expect(Set(records.map(\.number)) == Set(0..<60))
                #expect(records.filter { $0.offset != nil }.count == 2)
            }
        }
    }
}
