// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectTestKit
import OpenConnect
import Testing

@testable import PostgresConnector

extension WithServer {
    @Suite struct ChangeSourceConformanceTests {
        @Test(arguments: [1, 3]) func theSourceKeepsItsContract(unitSize: Int) async throws {
            let server = try PostgresServer.shared
            let report = await SourceConformance("PostgresChangeSource, \(unitSize) changes in a transaction") {
                try await Self.subject(server, unitSize)
            }.run()
            print(report)
            try report.check()
        }

        private static func subject(_ server: PostgresServer, _ unitSize: Int) async throws -> SourceSubject {
            let target = try await server.newDatabase()
            let slot = "slot_\(UInt64.random(in: 0 ... .max))"
            try await server.execute("CREATE TABLE items (n bigserial PRIMARY KEY, item text)", in: target)
            if unitSize > 1 {
                try await server.execute("CREATE PUBLICATION changes FOR TABLE items", in: target)
                try await server.execute("SELECT pg_create_logical_replication_slot('\(slot)', 'pgoutput')", in: target)
            }
            let proxy = try Proxy(to: server.port)
            var address = server.address(target)
            address.port = Int(proxy.port)
            let reached = address
            let options: ChangeSourceOptions = {
                var options = ChangeSourceOptions(slot: slot, publication: "changes")
                options.tables = ["items"]
                options.creates = true
                options.readsSnapshot = unitSize == 1
                return options
            }()
            let writer = PostgresConnection(target)
            try await writer.open()
            var subject = SourceSubject(
                makeSource: { try PostgresChangeSource(reached, options: options) },
                write: { items in
                    for start in stride(from: 0, to: items.count, by: unitSize) {
                        let statements = items[start..<min(start + unitSize, items.count)].map { item in
                            PostgresStatement("INSERT INTO items (item) VALUES ($1)", [PostgresParameter(item)])
                        }
                        try await writer.run(statements, "a test")
                    }
                }
            )
            subject.unitSize = unitSize
            subject.item = { record in
                guard case .object(let row)? = try? record.data.structured, case .string(let item)? = row["item"] else {
                    return nil
                }
                return item
            }
            subject.setReachable = { proxy.setReachable($0) }
            try subject.refuseWrongSettings(of: PostgresChangeSource.self, besides: ["slot": "s", "publication": "p"])
            subject.close = {
                await writer.close()
                proxy.close()
                let drop =
                    "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '\(slot)'"
                _ = try? await server.execute(drop, in: target)
            }
            return subject
        }
    }
}
