// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import ConnectTestKit
import NIOCore
import NIOHTTP1
import Synchronization
import Testing

@testable import HTTPConnector

/// Senders that note which of their events were answered.
private final class Senders: Sendable {
    private struct State {
        var next = 0
        var committed: Set<Int> = []
    }

    private let state = Mutex(State())
    private let client = HTTPClient(eventLoopGroupProvider: .singleton)
    private let url: String

    init(port: Int) { url = "http://127.0.0.1:\(port)/" }

    var committed: Set<Int> { state.withLock(\.committed) }

    func forget() { state.withLock { $0 = State() } }

    /// Sends so many events at the same time, each once.
    func send(_ count: Int) async {
        let first = state.withLock { state in
            defer { state.next += count }
            return state.next
        }
        await withTaskGroup(of: Void.self) { group in
            for number in first..<first + count { group.addTask { await self.send(number: number) } }
        }
    }

    private func send(number: Int) async {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        let headers = ["ce-specversion": "1.0", "ce-id": "\(number)", "ce-source": "/senders", "ce-type": "t"]
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        request.body = .bytes(ByteBuffer(string: "\(number)"))
        // A connection that is refused or reset is what a kill looks like from here.
        guard let response = try? await client.execute(request, timeout: .milliseconds(500)) else { return }
        _ = try? await response.body.collect(upTo: 1000)
        if response.status == .ok { state.withLock { _ = $0.committed.insert(number) } }
    }

    func end() async throws { try await client.shutdown() }
}

@Suite("kill -9 while events are received", .timeLimit(.minutes(10)))
struct ReceivingCrashTests {
    @Test("No event that was answered is lost, and none is written twice")
    func acknowledgedEvents() async throws {
        let directory = try TemporaryDirectory()
        let port = try await freePort()
        let process = try ConnectorProcess(
            """
            { "offsets": { "type": "file", "path": "\(directory["state"])" },
              "pipelines": { "in": {
                "source": { "type": "http", "listen": "127.0.0.1:\(port)" },
                "sinks": [ { "type": "file", "path": "\(directory["out"])" } ] } } }
            """,
            in: directory
        )
        let senders = Senders(port: port)
        let events = 3000
        var scenario = CrashScenario {
            senders.forget()
            for name in ["out", "state"] { directory.remove(name) }
        } verify: {
            let lines = try directory.lines(of: "out").compactMap { Int($0) }
            let missing = senders.committed.subtracting(lines)
            #expect(missing.isEmpty, "\(missing.count) answered events are lost")
            #expect(Set(lines).count == lines.count, "\(lines.count - Set(lines).count) are there twice")
            #expect(senders.committed.count >= events)
        }
        scenario.whileRunning = { _ in await senders.send(16) }
        scenario.isDone = { senders.committed.count >= events }
        var harness = CrashHarness(process.command, outputs: [directory["out"]], kills: 20)
        harness.timeLimit = .seconds(400)
        let report = try await harness.run(scenario)
        #expect(report.kills == 20, "\(report)")
        try await senders.end()
    }
}
