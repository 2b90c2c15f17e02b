// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Testing

@testable import PostgresConnector

extension WithServer {
    @Suite struct StandbyTests {
        private var options: TableSourceOptions {
            var options = TableSourceOptions(tables: ["t"], incrementing: "n")
            options.interval = .milliseconds(5)
            return options
        }

        private func address(_ ports: [UInt16], _ parameters: String = "") -> PostgresAddress {
            let hosts = ports.map { "127.0.0.1:\($0)" }.joined(separator: ",")
            return PostgresAddress(url: Secret("postgresql://postgres@\(hosts)/postgres?sslmode=disable\(parameters)"))
        }

        private func expectRefusal(_ error: ConnectorError?) {
            #expect(error?.code == .invalidConfiguration)
            for words in ["standby", "primary", "target_session_attrs=primary"] {
                #expect(error?.message.contains(words) == true, "\(error?.message ?? "none")")
            }
        }

        private func numbers(_ reader: any PartitionReader) async throws -> [Int64] {
            try await reader.poll(PollRequest(maxRecords: 100)).records.compactMap(\.number)
        }

        @Test func aStandbyIsRefusedHoweverItIsReached() async throws {
            let directory = try TemporaryDirectory()
            let primary = try await PostgresServer.initialize(in: directory.path)
            try await primary.running { _ in
                try await primary.execute("CREATE TABLE t (n bigserial PRIMARY KEY)")
                try await withStandby(of: primary) { standby in
                    try await theStandbyAloneIsRefused(standby)
                    try await thePrimaryIsFound(primary, standby)
                    try await aSwitchWhileReadingIsSeen(primary, standby)
                }
            }
        }

        private func withStandby(
            of primary: PostgresServer,
            _ body: (PostgresServer) async throws -> Void
        ) async throws {
            let directory = try TemporaryDirectory()
            let standby = try await primary.standby(in: directory.path)
            try await standby.running { _ in try await body(standby) }
        }

        private func theStandbyAloneIsRefused(_ standby: PostgresServer) async throws {
            let source = try PostgresTableSource(address([standby.port]), options: options)
            expectRefusal(await connectorError { try await source.checkConnection(TestHost().context) })
            expectRefusal(await connectorError { try await source.start(TestHost().context) })
            await source.stop()
        }

        private func thePrimaryIsFound(_ primary: PostgresServer, _ standby: PostgresServer) async throws {
            try await primary.execute("INSERT INTO t DEFAULT VALUES")
            let both = address([standby.port, primary.port], "&target_session_attrs=primary")
            try await withReader(both, options) { reader in
                let found = try await numbers(reader)
                #expect(found == [1])
            }
        }

        private func aSwitchWhileReadingIsSeen(_ primary: PostgresServer, _ standby: PostgresServer) async throws {
            let proxy = try Proxy(to: primary.port)
            try await withReader(address([proxy.port, standby.port]), options) { reader in
                #expect(try await numbers(reader) == [1])
                proxy.close()
                #expect(await connectorError { try await numbers(reader) }?.code == .notConnected)
                expectRefusal(await connectorError { try await numbers(reader) })
                try await standby.execute("SELECT pg_promote()")
                try await standby.execute("INSERT INTO t VALUES (1000)")
                #expect(try await numbers(reader) == [1000])
            }
        }
    }
}
