// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Testing

@testable import RedisConnector

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

@Suite("An active and its standby", .serialized, .timeLimit(.minutes(10)))
struct FailoverTests {
    private static func process(_ name: String, _ server: RedisServer, _ directory: TemporaryDirectory) throws
        -> ConnectorProcess
    {
        try ConnectorProcess(
            """
            { "offsets": { "type": "redis", "address": "\(server.text)", "lease": "1s", "standbyInterval": "50ms" },
              "pipelines": { "copy": {
                "source": { "type": "file", "path": "\(directory["in"])", "follow": true },
                "sinks": [ { "type": "redis-stream", "address": "\(server.text)", "stream": "out", "format": "raw" } ],
                "delivery": { "commitInterval": "20ms", "claim": "wait" } } } }
            """,
            in: directory,
            named: name
        )
    }

    private static func wait(for count: Int, _ server: RedisServer, _ children: ChildProcess...) async throws {
        try await eventually("\(count) lines have arrived and their position is stored") {
            for child in children { if let exit = child.exit { throw TestError("\(exit): \(child.standardError)") } }
            return Set(try await server.items(of: "out")).count == count
        }
    }

    private static func append(_ lines: Range<Int>, to directory: TemporaryDirectory) throws {
        let file = try #require(fopen(directory["in"], "a"))
        for line in lines { fputs("\(line)\n", file) }
        fclose(file)
    }

    @Test("The standby goes on where the killed active was committed")
    func killed() async throws {
        let (server, directory) = (try await RedisServer(), try TemporaryDirectory())
        try Self.append(0..<500, to: directory)
        try await withChildProcess(Self.process("active", server, directory).command) { active in
            try await Self.wait(for: 500, server, active)
            try await Self.process("standby", server, directory).run { standby in
                active.send(SIGKILL)
                _ = await active.wait()
                try Self.append(500..<1000, to: directory)
                try await Self.wait(for: 1000, server, standby)
            }
        }
        let items = try await server.items(of: "out").compactMap { Int($0) }
        var seen: Set<Int> = []
        #expect(items.filter { seen.insert($0).inserted } == Array(0..<1000))
        await server.kill()
    }

    @Test("A frozen active is replaced after its lease, and is fenced, and says so, when it wakes up")
    func frozen() async throws {
        let (server, directory) = (try await RedisServer(), try TemporaryDirectory())
        try Self.append(0..<500, to: directory)
        try await withChildProcess(Self.process("active", server, directory).command) { active in
            try await Self.wait(for: 500, server, active)
            try await Self.process("standby", server, directory).run { standby in
                active.send(SIGSTOP)
                try Self.append(500..<1000, to: directory)
                try await Self.wait(for: 1000, server, standby)
                active.send(SIGCONT)
                try await eventually("the old active says that it is fenced") {
                    active.standardError.contains("is lost: another owner took over")
                }
                try Self.append(1000..<1200, to: directory)
                try await Self.wait(for: 1200, server, standby)
            }
        }
        await server.kill()
    }

    @Test("Nobody can save under a lease that was over and taken, however late the save comes")
    func lateSave() async throws {
        let server = try await RedisServer()
        var options = RedisOffsetStoreOptions()
        options.lease = .milliseconds(100)
        options.standbyInterval = .milliseconds(10)
        let (old, new) = (
            RedisOffsetStore(server.address, options: options), RedisOffsetStore(server.address, options: options)
        )
        let scope = ClaimScope(connector: "orders")
        func changes(_ number: Int64) -> OffsetChanges {
            OffsetChanges(positions: [
                StoredPosition(RecordPosition(offset: RecordOffset(number)), sequence: UInt64(number))
            ])
        }
        let first = try await old.claim(ClaimRequest(scope: scope))
        #expect(first.lease == .milliseconds(100))
        try await old.save(changes(1), under: first.token)
        let refused = await #expect(throws: ConnectorError.self) { try await new.claim(ClaimRequest(scope: scope)) }
        #expect(refused?.code == .retryable && refused?.message.contains("process \(getpid())") == true)
        let second = try await new.claim(ClaimRequest(scope: scope, policy: .wait))
        #expect(second.token.epoch > first.token.epoch && second.positions == changes(1).positions)
        let late = await #expect(throws: ConnectorError.self) { try await old.save(changes(9), under: first.token) }
        #expect(late?.code == .fenced)
        let renewal = await #expect(throws: ConnectorError.self) { try await old.renew(first.token) }
        #expect(renewal?.code == .fenced)
        try await old.release(first.token)
        try await new.save(changes(2), under: second.token)
        try await new.release(second.token)
        let last = try await old.claim(ClaimRequest(scope: scope))
        #expect(last.positions == changes(2).positions)
        try await old.release(last.token)
        await server.kill()
    }

    @Test(
        "What somebody else wrote is an error, and no beginning anew",
        arguments: ["positions", "claims", "checkpoints"]
    )
    func corrupt(hash: String) async throws {
        let server = try await RedisServer()
        try await server.run("HSET", "openconnect:offsets:orders:\(hash)", "all:x", "something else")
        if hash == "claims" {
            try await server.run("HSET", "openconnect:offsets:orders:claims", "all", "something else")
        }
        let store = RedisOffsetStore(server.address)
        let error = await #expect(throws: ConnectorError.self) {
            try await store.claim(ClaimRequest(scope: ClaimScope(connector: "orders")))
        }
        #expect(error?.code == .corruptOffsets)
        await server.kill()
    }
}
