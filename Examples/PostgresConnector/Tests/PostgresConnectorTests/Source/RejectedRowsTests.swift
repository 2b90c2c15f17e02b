// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Testing

@testable import PostgresConnector

extension WithServer {
    @Suite struct RejectedRowsTests {
        /// JSON for the server, and not for a record.
        private static let flawed = [
            "'\"\\ud800\"'", "(repeat('[', 200) || repeat(']', 200))::json", "'{\"a\": 1, \"b\": \"\\udc00x\"}'",
        ]

        @Test(arguments: flawed) func aRowThatIsNoRecordIsRejectedAndTheReadingGoesOn(json: String) async throws {
            let target = try await newTable(
                "n int, j json",
                "INSERT INTO t VALUES (1, '1'), (2, \(json)), (3, \(json)), (4, '{}')"
            )
            var options = TableSourceOptions(tables: ["t"], incrementing: "n")
            options.ends = true
            try await withReader(target, options) { reader in
                let batches = try await reader.batches(of: 100)
                #expect(batches.flatMap(\.records).map(\.number) == [1, 4])
                let rejected = batches.flatMap(\.rejected)
                #expect(rejected.map(\.position.offset) == [RecordOffset(2), RecordOffset(3)])
                #expect(rejected.map(\.index) == [1, 1])
                #expect(rejected.allSatisfy { $0.error.code == .invalidRecord })
                #expect(rejected.allSatisfy { String(decoding: $0.bytes, as: UTF8.self).hasPrefix("{\"n\":") })
            }
        }

        @Test(arguments: [1, 2, 100]) func rowsOfOneTimeStayAUnitWhereSomeAreRejected(size: Int) async throws {
            let target = try await newTable(
                "n int, at timestamptz, j json",
                """
                INSERT INTO t SELECT n, '2026-01-01T00:00:00Z'::timestamptz + (n / 6) * interval '1 s',
                    CASE WHEN n IN (0, 1, 2, 5, 7) THEN '"\\ud800"' ELSE '1' END::json FROM generate_series(0, 8) AS n
                """
            )
            var options = TableSourceOptions(tables: ["t"], timestamp: "at")
            options.ends = true
            try await withReader(target, options) { reader in
                let batches = try await reader.batches(of: size)
                #expect(batches.allSatisfy { $0.records.count + $0.rejected.count > 0 })
                let records = batches.flatMap(\.records)
                #expect(records.compactMap(\.number) == [3, 4, 6, 8])
                #expect(records.allSatisfy { $0.offset == nil && $0.id != nil })
                let rejected = batches.flatMap(\.rejected)
                #expect(rejected.map(\.position.offset.text) == ["2026-01-01 00:00:00+00", "2026-01-01 00:00:01+00"])
                #expect(
                    rejected.map { String(decoding: $0.bytes, as: UTF8.self).split(separator: "\n").count } == [4, 1]
                )
                #expect(rejected.first?.error.message.contains("4 rows") == true, "\(rejected)")
            }
        }
    }
}
