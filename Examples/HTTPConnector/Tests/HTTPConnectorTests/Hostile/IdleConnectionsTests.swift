// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import NIOCore
import NIOPosix
import Testing

@testable import HTTPConnector

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

@Suite("Ten thousand idle connections", .timeLimit(.minutes(10)))
struct IdleConnectionsTests {
    @Test("Others are served beside them, they are cut in the end, and the memory stays small")
    func idle() async throws {
        let directory = try TemporaryDirectory()
        let process = try ConnectorProcess(
            """
            { "pipelines": { "in": {
                "source": { "type": "http", "listen": "127.0.0.1:0", "idleTimeout": "20s" },
                "sinks": [ { "type": "file", "path": "\(directory["out"])" } ] } } }
            """,
            in: directory
        )
        try await process.run { child in
            let port = try await child.listeningPort()
            let connections = try await connect(10_000, to: port)
            for index in 0..<100 {
                let reply = try await Reply.of(
                    "http://127.0.0.1:\(port)/",
                    Array("\(index)".utf8),
                    RefusedRequest.event,
                    method: "POST"
                )
                #expect(reply.status == 200)
            }
            let memory = try #require(residentMegabytes(of: child.identifier))
            #expect(memory < 600, "\(memory) MB with 10 000 connections")
            for connection in connections { try await connection.closeFuture.get() }
        }
        #expect(try directory.lines(of: "out").count == 100)
    }

    private func connect(_ count: Int, to port: Int) async throws -> [any Channel] {
        var channels: [any Channel] = []
        for start in stride(from: 0, to: count, by: 200) {
            channels += try await withThrowingTaskGroup(of: (any Channel).self) { group in
                for _ in start..<min(start + 200, count) {
                    group.addTask {
                        try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                            .connectTimeout(.seconds(300))
                            .connect(host: "127.0.0.1", port: port).get()
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
        }
        return channels
    }

    private func residentMegabytes(of process: Int32) -> Int? {
        guard let text = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("VmRSS:") }),
            let kilobytes = Int(line.filter(\.isNumber))
        else { return nil }
        return kilobytes / 1024
    }
}
