// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Testing

@testable import RedisConnector

@Suite("A transaction that is refused when it is to be carried out", .serialized, .timeLimit(.minutes(10)))
struct RefusedTransactionTests {
    private static let reasons: [([String], ConnectorError.Code)] = [
        (["CONFIG", "SET", "maxmemory", "1"], .throttled),
        (["CONFIG", "SET", "min-replicas-to-write", "1"], .retryable),
        (["REPLICAOF", "127.0.0.1", "1"], .notConnected),
    ]

    @Test("It means what its reason means", arguments: reasons)
    func reason(command: [String], meaning: ConnectorError.Code) async throws {
        let server = try await RedisServer()
        let connection = try await RedisConnection.open(server.address, named: "test")
        var commands = RedisCommands(["MULTI"])
        commands.add(["XADD", "s", "*", "data", "1"])
        #expect(try await connection.run(commands).firstError == nil)
        try await server.run(command)
        let error = await #expect(throws: ConnectorError.self) { try await connection.run(["EXEC"], "adding") }
        #expect(error?.code == meaning, "\(error as Any)")
        await connection.close()
        await server.kill()
    }

    @Test("A disk that cannot be written, and a server that became a replica, are told from what nothing helps against")
    func kinds() {
        let beginning = "EXECABORT Transaction discarded because of: "
        let disk = ServerError(beginning + "MISCONF Redis is configured to save RDB snapshots")
        #expect(disk.isThrottling && disk.error("adding").code == .throttled)
        #expect(ServerError(beginning + "READONLY You can't write against a read only replica.").isOutage)
        #expect(ServerError("EXECABORT Transaction discarded because of previous errors.").code == "EXECABORT")
    }
}
