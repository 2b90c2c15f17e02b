// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Synchronization

/// One sender for each key, which sends the next event once the last one is committed.
struct Senders: Sendable {
    let url: String
    let keys: Int
    let eventsPerKey: Int
    private let sent = Count()

    /// A number that many tasks count up.
    final class Count: Sendable {
        private let value = Mutex(0)
        var total: Int { value.withLock(\.self) }
        func add() { value.withLock { $0 += 1 } }
    }

    init(port: Int, keys: Int, eventsPerKey: Int) {
        url = "http://127.0.0.1:\(port)/"
        self.keys = keys
        self.eventsPerKey = eventsPerKey
    }

    var answered: Int { sent.total }

    func run() async throws {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = keys
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for key in 0..<keys { group.addTask { try await self.send(key: key, client) } }
                try await group.waitForAll()
            }
        } catch {
            try? await client.shutdown()
            throw error
        }
        try await client.shutdown()
    }

    private func send(key: Int, _ client: HTTPClient) async throws {
        for number in 0..<eventsPerKey {
            var request = HTTPClientRequest(url: url)
            request.method = .POST
            for (name, value) in [
                ("ce-specversion", "1.0"), ("ce-id", "\(key)-\(number)"), ("ce-source", "/soak"), ("ce-type", "soak"),
                ("ce-partitionkey", "k\(key)"), ("content-type", "text/plain"),
            ] { request.headers.add(name: name, value: value) }
            request.body = .bytes(ByteBuffer(string: "\(key) \(number) " + String(repeating: "x", count: 180)))
            while try await status(of: request, client) != 200 { try Task.checkCancellation() }
            sent.add()
        }
    }

    private func status(of request: HTTPClientRequest, _ client: HTTPClient) async throws -> UInt {
        let response = try await client.execute(request, timeout: .seconds(120))
        _ = try await response.body.collect(upTo: 1 << 16)
        return response.status.code
    }
}
