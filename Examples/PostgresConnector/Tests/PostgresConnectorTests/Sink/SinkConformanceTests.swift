// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Testing

@testable import PostgresConnector

extension WithServer {
    @Suite struct SinkConformanceTests {
        @Test(arguments: PostgresSinkOptions.Mode.allCases)
        func theSinkKeepsItsContract(mode: PostgresSinkOptions.Mode) async throws {
            let server = try PostgresServer.shared
            let report = await SinkConformance("PostgresSink, \(mode.rawValue)") {
                try await Self.subject(server, mode)
            }.run()
            print(report)
            try report.check()
        }

        private static func subject(_ server: PostgresServer, _ mode: PostgresSinkOptions.Mode) async throws
            -> SinkSubject
        {
            let target = try await server.newDatabase()
            try await server.execute(
                "CREATE TABLE items (item text PRIMARY KEY CHECK (item <> 'bad'), n bigserial)",
                in: target
            )
            let proxy = try Proxy(to: server.port)
            var address = server.address(target)
            address.port = Int(proxy.port)
            let options: PostgresSinkOptions = {
                var options = PostgresSinkOptions(table: "items")
                options.mode = mode
                options.createPositions = true
                options.columns = ["item": "data"]
                return options
            }()
            let reached = address
            var subject = SinkSubject(
                makeSink: { try PostgresSink(reached, options: options) },
                durable: {
                    try await server.execute("SELECT item FROM items ORDER BY n", in: target).compactMap {
                        $0.first ?? nil
                    }
                }
            )
            subject.badRecord = { ConnectorRecord("bad") }
            subject.setReachable = { proxy.setReachable($0) }
            subject.loseNextAnswer = { proxy.loseNextAnswer() }
            try subject.refuseWrongSettings(of: PostgresSink.self, besides: ["table": "items", "host": "127.0.0.1"])
            subject.close = { proxy.close() }
            return subject
        }
    }
}
