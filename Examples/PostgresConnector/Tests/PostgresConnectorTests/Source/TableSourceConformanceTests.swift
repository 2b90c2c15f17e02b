// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectTestKit
import OpenConnect
import Testing

@testable import PostgresConnector

extension WithServer {
    @Suite struct TableSourceConformanceTests {
        /// The columns that a table is read by.
        enum Order: String, CaseIterable { case incrementing, timestamp, timestampAndKey, both }

        @Test(arguments: Order.allCases) func theSourceKeepsItsContract(order: Order) async throws {
            let server = try PostgresServer.shared
            let single = SourceConformance("PostgresTableSource, \(order), one table") {
                try await Self.subject(server, order, tables: 1)
            }
            // What two readers did at the same time reaches the other checks one call late.
            let several = SourceConformance("PostgresTableSource, \(order), two tables") {
                try await Self.subject(server, order, tables: 2)
            }
            let reports = [
                await single.run(), await several.run(only: ["source.order", "source.partitions", "source.readers"]),
            ]
            for report in reports {
                print(report)
                try report.check()
            }
        }

        private static func subject(_ server: PostgresServer, _ order: Order, tables: Int) async throws -> SourceSubject
        {
            let target = try await server.newDatabase()
            let names = (0..<tables).map { "items_\($0)" }
            for table in names {
                let key = order == .timestamp ? "" : " PRIMARY KEY"
                let columns =
                    "n bigserial\(key), at timestamptz NOT NULL DEFAULT clock_timestamp(), item text, j json"
                try await server.execute("CREATE TABLE \(table) (\(columns))", in: target)
            }
            let proxy = try Proxy(to: server.port)
            var address = server.address(target)
            address.port = Int(proxy.port)
            let reached = address
            let options: TableSourceOptions = {
                var options = TableSourceOptions(tables: names, incrementing: "n")
                options.timestamp = order == .incrementing ? nil : "at"
                options.incrementing = [.incrementing, .both].contains(order) ? "n" : nil
                options.horizon = .writers
                options.interval = .milliseconds(5)
                return options
            }()
            let writer = PostgresConnection(target)
            try await writer.open()
            var subject = SourceSubject(
                partitionCount: tables,
                makeSource: { try PostgresTableSource(reached, options: options) },
                write: { items, partition in
                    let statements = items.map { item in
                        PostgresStatement(
                            "INSERT INTO items_\(partition) (item) VALUES ($1)",
                            [PostgresParameter(item)]
                        )
                    }
                    try await writer.run(statements, "a test")
                }
            )
            subject.item = { record in
                guard case .object(let row)? = try? record.data.structured, case .string(let item)? = row["item"] else {
                    return nil
                }
                return item
            }
            subject.writeBadInput = {
                let statement = PostgresStatement("INSERT INTO items_0 (j) VALUES ('\"\\ud800\"')")
                try await writer.run([statement], "a test")
            }
            subject.setReachable = { proxy.setReachable($0) }
            try subject.refuseWrongSettings(
                of: PostgresTableSource.self,
                besides: ["tables": ["t"], "incrementing": "n"]
            )
            subject.close = {
                await writer.close()
                proxy.close()
            }
            return subject
        }
    }
}
