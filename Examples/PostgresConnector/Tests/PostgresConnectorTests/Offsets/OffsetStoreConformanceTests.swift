// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Testing

@testable import PostgresConnector

extension PostgresServer {
    /// How a database of this server is reached.
    func address(_ target: ConnectionTarget) -> PostgresAddress {
        var address = PostgresAddress()
        address.host = "127.0.0.1"
        address.port = Int(port)
        address.user = "postgres"
        address.database = target.keywords["dbname"]
        address.tls = .disable
        address.timeout = target.timeout
        return address
    }
}

extension WithServer {
    @Suite struct OffsetStoreConformanceTests {
        @Test func theStoreKeepsItsContract() async throws {
            let server = try PostgresServer.shared
            let report = await OffsetStoreConformance("PostgresOffsetStore") {
                let address = server.address(try await server.newDatabase())
                var options = PostgresOffsetStoreOptions()
                options.createTables = true
                options.standbyInterval = .milliseconds(10)
                let make: @Sendable () throws -> any OffsetStore = { [options] in
                    try PostgresOffsetStore(address, options: options)
                }
                var subject = OffsetStoreSubject(makeStore: make)
                subject.reopen = make
                return subject
            }.run()
            print(report)
            try report.check()
        }
    }
}
