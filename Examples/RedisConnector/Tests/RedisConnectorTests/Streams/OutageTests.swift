// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Testing

@testable import RedisConnector

@Suite("Servers that are stopped and started again during a run", .serialized, .timeLimit(.minutes(10)))
struct OutageTests {
    @Test("Nothing is lost, the order is kept, and the operator is told of each loss and return")
    func restarts() async throws {
        let (server, directory) = (try await RedisServer(), try TemporaryDirectory())
        let process = try ConnectorProcess(
            """
            { "offsets": { "type": "redis", "address": "\(server.text)" },
              "pipelines": { "copy": {
                "source": { "type": "redis-stream", "address": "\(server.text)", "streams": ["in"], "group": "g",
                            "consumer": "c", "createGroup": "beginning", "format": "raw", "block": "200ms" },
                "sinks": [ { "type": "redis-stream", "address": "\(server.text)", "stream": "out", "format": "raw" } ],
                "delivery": { "commitInterval": "20ms", "retry": { "maxDelay": "200ms" },
                              "outage": { "firstDelay": "10ms", "maxDelay": "100ms" } } } } }
            """,
            in: directory
        )
        let (rounds, size) = (6, 3000)
        let log = try await process.run { child in
            for round in 0..<rounds {
                try await server.add((0..<size).map { "\(round * size + $0)" }, to: "in")
                try await server.setRunning(false)
                try await server.setRunning(true)
            }
            try await eventually("everything has arrived and is acknowledged") {
                if child.exit != nil { throw TestError(child.standardError) }
                let isThere = try await server.items(of: "out").last == "\(rounds * size - 1)"
                return try await server.pending("in") == 0 && isThere
            }
            return child.standardError
        }
        let items = try await server.items(of: "out").compactMap { Int($0) }
        var seen: Set<Int> = []
        #expect(items.filter { seen.insert($0).inserted } == Array(0..<rounds * size))
        #expect(log.contains("is lost") && log.contains("again"), "\(log)")
        await server.kill()
    }

    @Test("A server that does not answer is taken for one that cannot be reached")
    func silence() async throws {
        let silent = try ListeningSocket()
        var address = RedisAddress(.host("127.0.0.1", port: silent.port))
        address.commandTimeout = .milliseconds(100)
        let timeout = await #expect(throws: ConnectorError.self) {
            _ = try await RedisConnection.open(address, named: "test")
        }
        #expect(timeout?.code == .notConnected)
    }

    @Test("A store goes on over a new connection, with its claim")
    func store() async throws {
        let server = try await RedisServer()
        let store = RedisOffsetStore(server.address)
        let claim = try await store.claim(ClaimRequest(scope: ClaimScope(connector: "orders")))
        let position = StoredPosition(RecordPosition(offset: RecordOffset(1)), sequence: 1)
        try await store.save(OffsetChanges(positions: [position]), under: claim.token)
        try await server.setRunning(false)
        let outage = await #expect(throws: ConnectorError.self) { try await store.renew(claim.token) }
        #expect(outage?.code == .notConnected)
        try await server.setRunning(true)
        try await store.renew(claim.token)
        try await store.release(claim.token)
        let again = try await store.claim(ClaimRequest(scope: ClaimScope(connector: "orders")))
        #expect(again.positions == [position] && again.token.epoch > claim.token.epoch)
        try await store.release(again.token)
        await server.kill()
    }
}
