// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import Synchronization
import Testing

@testable import RedisConnector

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A real server in a directory of its own, that can be killed, and started again with what it has on its disk.
final class RedisServer: Sendable {
    let port: Int
    let directory: TemporaryDirectory
    private let options: [String]
    private let running = Mutex<Task<Void, any Error>?>(nil)

    /// Starts a server that writes all it has done to its disk before it answers.
    init(_ options: [String] = [], port: Int? = nil) async throws {
        directory = try TemporaryDirectory()
        self.port = try port ?? FreePort.next()
        self.options = options
        try await start()
    }

    var address: RedisAddress { RedisAddress(.host("127.0.0.1", port: port)) }
    var text: String { "127.0.0.1:\(port)" }

    /// Starts it and waits until it answers.
    func start() async throws {
        let command = ProcessCommand(
            "redis-server",
            [
                "--port", "\(port)", "--bind", "127.0.0.1", "--dir", directory.path, "--save", "", "--appendonly",
                "yes",
                "--appendfsync", "always",
            ] + options
        )
        let task = Task {
            do {
                try await withChildProcess(command) { child in
                    _ = await child.wait()
                    if !Task.isCancelled { Issue.record("redis-server has ended: \(child.standardOutput)") }
                }
            } catch let error as CrashTestError where error.code == .cannotStart {
                Issue.record("redis-server cannot be started: install the Debian package redis-server")
                throw error
            }
        }
        running.withLock { $0 = task }
        try await eventually("redis-server listens on port \(port)") {
            // It may want a password, or TLS.
            isListening(on: self.port)
        }
        guard !options.contains("--tls-port"), !options.contains("--aclfile") else { return }
        try await eventually("redis-server has read its disk") {
            let reply = try? await self.run("PING")
            return reply?.text == "PONG"
        }
    }

    /// Kills it, and waits until it is gone.
    func kill() async {
        let task = running.withLock { $0.take() }
        task?.cancel()
        _ = await task?.result
    }

    func setRunning(_ isRunning: Bool) async throws {
        if isRunning { try await start() } else { await kill() }
    }

    deinit { running.withLock { $0?.cancel() } }

    // MARK: Commands

    /// Sends one command over a connection of its own.
    @discardableResult
    func run(_ words: String...) async throws -> RedisReply {
        try await run(words)
    }

    @discardableResult
    func run(_ words: [String]) async throws -> RedisReply {
        let connection = try await RedisConnection.open(address, named: "test")
        let reply: Result<RedisReply, any Error>
        do {
            reply = .success(try await connection.run(words, "the test's command \(words[0])"))
        } catch {
            reply = .failure(error)
        }
        await connection.close()
        return try reply.get()
    }

    /// Adds an entry for each text.
    func add(_ items: [String], to stream: String, field: String = "data") async throws {
        guard !items.isEmpty else { return }
        let connection = try await RedisConnection.open(address, named: "test")
        var commands = RedisCommands()
        for item in items { commands.add(["XADD", stream, "*", field, item]) }
        let replies = try await connection.run(commands)
        await connection.close()
        if let error = replies.firstError { throw error }
    }

    /// The values of a field of all entries of a stream.
    func items(of stream: String, field: String = "data") async throws -> [String] {
        try await run("XRANGE", stream, "-", "+").elements.map { entry in
            entry.elements[1].pairs.first { $0.0.text == field }?.1.text ?? "no field '\(field)'"
        }
    }

    /// Deletes the oldest entry of a stream.
    func deleteFirst(of stream: String) async throws {
        let entry = try #require(try await run("XRANGE", stream, "-", "+", "COUNT", "1").elements.first)
        try await run("XDEL", stream, try #require(entry.elements[0].text))
    }

    /// How many bytes of memory it uses.
    func memory() async throws -> Int {
        let lines = try await run("INFO", "memory").text?.split(separator: "\r\n") ?? []
        let line = try #require(lines.first { $0.hasPrefix("used_memory:") })
        return try #require(Int(line.dropFirst("used_memory:".count)))
    }

    /// How many clients wait for entries.
    func blockedClients() async throws -> Int {
        let lines = try await run("INFO", "clients").text?.split(separator: "\r\n") ?? []
        let line = try #require(lines.first { $0.hasPrefix("blocked_clients:") })
        return try #require(Int(line.dropFirst("blocked_clients:".count)))
    }

    /// How many entries were given out and not acknowledged.
    func pending(_ stream: String, _ group: String = "g") async throws -> Int {
        try await run("XPENDING", stream, group).elements[0].integer ?? -1
    }
}

/// Waits until something is so.
func eventually(
    _ what: String,
    within limit: Duration = .seconds(120),
    _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        try #require(ContinuousClock.now < deadline, "not within \(limit): \(what)")
        try await Task.sleep(for: .milliseconds(5))
    }
}

/// Whether somebody accepts connections there.
private func isListening(on port: Int) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let length = socklen_t(MemoryLayout<sockaddr_in>.size)
    return withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, length) == 0 }
    }
}

/// A socket of the loopback interface; closed with its last reference.
final class ListeningSocket: Sendable {
    let port: Int
    private let descriptor: Int32

    init(port: Int = 0) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.descriptor = descriptor
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var on: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isReady = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 16) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        self.port = Int(UInt16(bigEndian: address.sin_port))
        guard isReady else {
            close(descriptor)
            throw TestError("the port \(port) is taken")
        }
    }

    deinit { if port != 0 { close(descriptor) } }
}

/// Ports for servers that come back on theirs.
enum FreePort {
    private static let last = Mutex(22_000 + Int(getpid()) % 100 * 80)

    /// A port that nobody has, and that the system gives to nobody who asks for any.
    static func next() throws -> Int {
        for _ in 0..<1000 {
            let port = last.withLock { last in
                last = last < 32_000 ? last + 1 : 22_000
                return last
            }
            if (try? ListeningSocket(port: port)) != nil { return port }
        }
        throw TestError("no port is free")
    }
}

struct TestError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
