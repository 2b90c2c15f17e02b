// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Synchronization
import Testing

@testable import RedisConnector

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

@Suite("kill -9 between stream and stream", .serialized, .timeLimit(.minutes(20)))
struct CrashTests {
    private static let (items, uncommitted) = (6000, 400)

    /// What is known of the round under way.
    private final class Round: Sendable {
        private let number = Mutex((round: 0, runs: 0, done: 0))
        var name: String { number.withLock { "\($0.round)" } }
        var runs: Int { number.withLock(\.runs) }
        func begin() { number.withLock { $0 = ($0.round + 1, 0, 0) } }
        func noteRun() { number.withLock { $0.runs += 1 } }
    }

    @Test("Nothing is lost, the order of each stream is kept, and repeats are bounded by what may be uncommitted")
    func kills() async throws {
        let (server, directory) = (try await RedisServer(), try TemporaryDirectory())
        let process = try ConnectorProcess(
            """
            { "offsets": { "type": "redis", "address": "\(server.text)", "lease": "100ms" },
              "pipelines": { "copy": {
                "source": { "type": "redis-stream", "address": "\(server.text)", "streams": ["in-0", "in-1"],
                            "group": "g", "consumer": "c", "createGroup": "beginning", "format": "raw",
                            "count": 100, "block": "100ms" },
                "sinks": [ { "type": "redis-stream", "address": "\(server.text)", "stream": "out-{partition}",
                             "format": "raw" } ],
                "delivery": { "maxUncommittedRecords": \(Self.uncommitted), "commitInterval": "10ms", "claim": "wait" }
              } } }
            """,
            in: directory
        )
        let round = Round()
        var scenario = CrashScenario {
            round.begin()
            try await server.run("FLUSHALL")
            for stream in 0..<2 {
                try await server.add((0..<Self.items).map { "\(stream)-\($0)" }, to: "in-\(stream)")
            }
        } verify: {
            try await Self.verify(server, round)
        }
        scenario.beforeRun = { _ in round.noteRun() }
        scenario.isDone = { try await Self.isComplete(server) }
        // What the process has the server do can be seen by the server's file.
        let output = server.directory["appendonlydir/appendonly.aof.1.incr.aof"]
        var harness = CrashHarness(process.command, outputs: [output], kills: 20)
        harness.timeLimit = .seconds(600)
        let report = try await harness.run(scenario)
        #expect(report.kills == 20, "\(report)")
        await server.kill()
    }

    private static func isComplete(_ server: RedisServer) async throws -> Bool {
        for stream in 0..<2 {
            let last = try await server.run("XREVRANGE", "out-in-\(stream)", "+", "-", "COUNT", "1").elements.first
            guard last?.elements[1].elements[1].text == "\(stream)-\(items - 1)" else { return false }
            guard try await server.pending("in-\(stream)") == 0 else { return false }
        }
        return true
    }

    private static func verify(_ server: RedisServer, _ round: Round) async throws {
        var repeats = 0
        for stream in 0..<2 {
            let found = try await server.items(of: "out-in-\(stream)")
            var seen: Set<String> = []
            let first = found.filter { seen.insert($0).inserted }
            #expect(first == (0..<items).map { "\(stream)-\($0)" }, "lost or out of order")
            repeats += found.count - first.count
        }
        #expect(repeats <= max(round.runs - 1, 0) * uncommitted, "\(repeats) repeats in \(round.runs) runs")
    }

    @Test("Two consumers share a group; what the killed one leaves, the other one takes over")
    func takeover() async throws {
        let (server, directory) = (try await RedisServer(), try TemporaryDirectory())
        func process(_ consumer: String) throws -> ConnectorProcess {
            try ConnectorProcess(
                """
                { "pipelines": { "copy": {
                    "source": { "type": "redis-stream", "address": "\(server.text)", "streams": ["in"], "group": "g",
                                "consumer": "\(consumer)", "createGroup": "beginning", "format": "raw", "count": 50,
                                "block": "100ms", "claimIdle": "1s" },
                    "sinks": [ { "type": "redis-stream", "address": "\(server.text)", "stream": "out", "format": "raw" } ],
                    "delivery": { "commitInterval": "5s", "maxUncommittedRecords": 200, "rateLimit": { "recordsPerSecond": 2000 } }
                  } } }
                """,
                in: directory,
                named: consumer
            )
        }
        try await server.add((0..<3000).map { "\($0)" }, to: "in")
        try await server.run("XGROUP", "CREATE", "in", "g", "0")
        try await process("heir").run { heir in
            try await withChildProcess(try process("victim").command) { victim in
                try await eventually("the victim holds entries") {
                    if let exit = victim.exit { throw TestError("\(exit): \(victim.standardError)") }
                    let consumers = try await server.run("XPENDING", "in", "g").elements[3].elements
                    return consumers.contains { $0.elements[0].text == "victim" }
                }
                victim.send(SIGKILL)
                _ = await victim.wait()
            }
            try await eventually("everything is acknowledged") {
                if heir.exit != nil { throw TestError(heir.standardError) }
                guard try await server.pending("in") == 0 else { return false }
                return Set(try await server.items(of: "out")).count == 3000
            }
            #expect(heir.standardError.contains("took over"))
        }
        await server.kill()
    }
}
