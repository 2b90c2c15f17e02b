// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Testing

@testable import PostgresConnector

extension WithServer {
    @Suite struct StoredOffsetTests {
        private func error(_ target: ConnectionTarget, _ options: TableSourceOptions, _ offset: RecordOffset) async
            -> ConnectorError?
        {
            var options = options
            options.ends = true
            options.fetchSize = 2
            return await connectorError {
                try await withReader(target, options, from: offset) { _ = try await $0.batches(of: 100) }
            }
        }

        @Test(
            arguments: [
                ("integer", RecordOffset(1 << 40)), ("smallint", RecordOffset(1 << 20)),
                ("uuid", RecordOffset("seven")),
                ("date", RecordOffset("someday")), ("date", RecordOffset("2026-13-01")),
            ]
        )
        func anOffsetThatIsNoValueOfTheColumnIsCorrupt(type: String, offset: RecordOffset) async throws {
            let target = try await newTable("n \(type)")
            let error = await error(target, TableSourceOptions(tables: ["t"], incrementing: "n"), offset)
            #expect(error?.code == .corruptOffsets)
            #expect(error?.message.contains("remove the offset") == true, "\(error?.message ?? "none")")
        }

        @Test func anOffsetThatIsNoTimeIsCorrupt() async throws {
            let target = try await newTable("n int, at timestamptz")
            let options = TableSourceOptions(tables: ["t"], timestamp: "at")
            #expect(await error(target, options, RecordOffset("nonsense"))?.code == .corruptOffsets)
        }

        @Test(arguments: ["100 / (n - 4)", "(CASE WHEN n = 4 THEN 'x' ELSE '1' END)::int"], [Int64(1), 3])
        func aRowThatCannotBeComputedSaysNothingOfTheOffset(value: String, offset: Int64) async throws {
            let target = try await PostgresServer.shared.newDatabase()
            let view = "CREATE VIEW t AS SELECT n, \(value) AS x FROM (SELECT generate_series(1, 5) AS n) AS numbers"
            try await PostgresServer.shared.execute(view, in: target)
            let error = await error(target, TableSourceOptions(tables: ["t"], incrementing: "n"), RecordOffset(offset))
            #expect(error?.code == .invalidRecord)
            #expect(error?.message.contains("offset") == false, "\(error?.message ?? "none")")
        }
    }
}
