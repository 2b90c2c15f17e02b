// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import Glibc
import OpenConnect
import Testing

@testable import PostgresConnector

/// A server of its own in a temporary directory, on a free port of 127.0.0.1, as the user `postgres` where the tests run as
/// root: the server refuses to.
struct PostgresServer: Sendable {
    let directory: String
    let port: UInt16
    let binaries: String
    /// Settings beside those that make a server small, as `name=value`.
    var options: [String] = []

    @TaskLocal static var current: PostgresServer?

    /// A new and empty one, which is not started.
    static func initialize(in directory: String, options: [String] = []) async throws -> PostgresServer {
        let binaries = try findBinaries()
        let server = PostgresServer(directory: directory, port: try freePort(), binaries: binaries, options: options)
        try server.prepareDirectories()
        try await server.make(
            "initdb",
            ["-A", "trust", "-U", "postgres", "-N", "--locale=C.UTF-8", "-E", "UTF8", "-D", server.data]
        )
        return server
    }

    /// A hot standby of this server while it runs, which is not started.
    func standby(in directory: String) async throws -> PostgresServer {
        let port = try Self.freePort()
        let standby = PostgresServer(directory: directory, port: port, binaries: binaries, options: options)
        try standby.prepareDirectories()
        let primary = ["-h", "127.0.0.1", "-p", "\(self.port)", "-U", "postgres"]
        try await standby.make("pg_basebackup", primary + ["-D", standby.data, "-R", "-c", "fast", "--no-sync"])
        return standby
    }

    private func prepareDirectories() throws {
        guard chmod(directory, 0o755) == 0, mkdir(data, 0o700) == 0, mkdir(sockets, 0o777) == 0 else {
            throw Missing("\(directory) cannot be prepared for the server")
        }
        guard getuid() == 0 else { return }
        guard let user = getpwnam("postgres") else {
            throw Missing("there is no user 'postgres'; install the Debian package 'postgresql-15'")
        }
        chown(data, user.pointee.pw_uid, user.pointee.pw_gid)
        chown(sockets, user.pointee.pw_uid, user.pointee.pw_gid)
    }

    private func make(_ program: String, _ arguments: [String]) async throws {
        let result = try await command(program, arguments).run()
        guard result.exit == .exited(0) else { throw Missing("\(program) failed: \(result.standardError)") }
    }

    var data: String { directory + "/data" }
    var sockets: String { directory + "/sockets" }

    /// How it is reached, without a password.
    func target(_ database: String = "postgres", _ more: [String: String] = [:]) -> ConnectionTarget {
        let base = [
            "host": "127.0.0.1", "port": "\(port)", "dbname": database, "user": "postgres", "sslmode": "disable",
        ]
        return ConnectionTarget(base.merging(more) { $1 })
    }

    private func command(_ program: String, _ arguments: [String]) -> ProcessCommand {
        let path = "\(binaries)/\(program)"
        var command = ProcessCommand(path, arguments)
        if getuid() == 0 {
            let user = ["--reuid=postgres", "--regid=postgres", "--clear-groups", "--", path]
            command = ProcessCommand("setpriv", user + arguments)
        }
        command.workingDirectory = "/"
        return command
    }

    /// Runs it as long as the closure runs.
    ///
    /// - Parameter signal: what stops it: `SIGINT` in order, `SIGQUIT` at once.
    func running<Result>(
        until signal: Int32 = SIGINT,
        _ body: (ChildProcess) async throws -> Result
    ) async throws -> Result {
        let small = [
            "fsync=off", "max_connections=80", "shared_buffers=16MB", "wal_level=logical", "max_replication_slots=100",
            "max_wal_senders=50", "max_prepared_transactions=10",
        ]
        let command = command(
            "postgres",
            ["-D", data, "-p", "\(port)", "-k", sockets, "-h", "127.0.0.1"] + (small + options).flatMap { ["-c", $0] }
        )
        return try await withChildProcess(command) { process in
            try await untilReady(process)
            do {
                let result = try await body(process)
                await stop(process, signal)
                return result
            } catch {
                await stop(process, signal)
                throw error
            }
        }
    }

    private func untilReady(_ process: ChildProcess) async throws {
        for _ in 0..<3000 {
            if let exit = process.exit { throw Missing("the server ended, \(exit): \(process.standardError)") }
            let connection = PostgresConnection(target())
            if (try? await connection.open()) != nil {
                await connection.close()
                return
            }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw Missing("the server does not answer: \(process.standardError)")
    }

    /// Ends all sessions and the server.
    private func stop(_ process: ChildProcess, _ signal: Int32) async {
        process.send(signal)
        let exit = try? await process.wait(atMost: .seconds(60))
        if exit == nil { Issue.record("the server does not end: \(process.standardError)") }
    }

    // MARK: Databases

    /// An empty database with a name of its own.
    func newDatabase() async throws -> ConnectionTarget {
        let name = "test_\(UInt64.random(in: 0 ... .max))"
        try await execute("CREATE DATABASE \(name)")
        return target(name)
    }

    /// Runs a statement in a session of its own.
    @discardableResult
    func execute(_ sql: String, in target: ConnectionTarget? = nil) async throws -> [[String?]] {
        let connection = PostgresConnection(target ?? self.target())
        try await connection.open()
        defer { withExtendedLifetime(connection) {} }
        do {
            let result = try await connection.run(sql, [], "a test")
            await connection.close()
            return result.rows
        } catch {
            await connection.close()
            throw error
        }
    }

    // MARK: Finding

    private static func findBinaries() throws -> String {
        for version in (13...20).reversed() {
            let path = "/usr/lib/postgresql/\(version)/bin"
            if access(path + "/postgres", X_OK) == 0 { return path }
        }
        throw Missing("no server found in /usr/lib/postgresql; install the Debian package 'postgresql-15'")
    }

    static func freePort() throws -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 ? getsockname(descriptor, $0, &length) : -1
            }
        }
        guard status == 0 else { throw Missing("no free port on 127.0.0.1") }
        return UInt16(bigEndian: address.sin_port)
    }

    struct Missing: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }
}
