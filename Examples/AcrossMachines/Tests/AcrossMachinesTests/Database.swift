// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A server of PostgreSQL in a temporary directory, asked by `psql`.
struct Database: Sendable {
    let directory: String
    let port: UInt16
    private let binaries: String

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    var url: String { "postgresql://postgres@127.0.0.1:\(port)/postgres?sslmode=disable" }

    /// Runs a new server for as long as the body runs.
    static func running(_ body: (Database) async throws -> Void) async throws {
        let places = (13...20).map { "/usr/lib/postgresql/\($0)/bin" }
        guard let binaries = places.last(where: { access("\($0)/postgres", X_OK) == 0 })
        else { throw Failure(description: "no server of PostgreSQL; install the Debian package 'postgresql'") }
        var template = Array("/tmp/openconnect-story-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Failure(description: "no temporary directory: \(errno)") }
        let directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let database = Database(directory: directory, port: try freePort(), binaries: binaries)
        do {
            try await database.serve(body)
            _ = try await ProcessCommand("rm", ["-rf", directory]).run()
        } catch {
            _ = try await ProcessCommand("rm", ["-rf", directory]).run()
            throw error
        }
    }

    private func serve(_ body: (Database) async throws -> Void) async throws {
        if getuid() == 0 { _ = try await ProcessCommand("chown", ["postgres", directory]).run() }
        let data = directory + "/data"
        let made = try await asServer("initdb", ["-A", "trust", "-U", "postgres", "-N", "-D", data]).run()
        guard made.exit == .exited(0) else { throw Failure(description: "initdb: \(made.standardError)") }
        let settings = ["wal_level=logical", "fsync=off", "max_connections=100", "shared_buffers=16MB"]
        let arguments = ["-D", data, "-p", "\(port)", "-k", directory, "-h", "127.0.0.1"]
        let server = asServer("postgres", arguments + settings.flatMap { ["-c", $0] })
        try await withChildProcess(server) { process in
            try await until("the server answers") { (try? await query("SELECT 1")) == "1" }
            try await body(self)
            process.send(SIGQUIT)
            _ = try await process.wait(atMost: .seconds(30))
        }
    }

    /// The server refuses to be run by root.
    private func asServer(_ program: String, _ arguments: [String]) -> ProcessCommand {
        let path = "\(binaries)/\(program)"
        var command = ProcessCommand(path, arguments)
        if getuid() == 0 {
            let user = ["--reuid=postgres", "--regid=postgres", "--clear-groups", "--", path]
            command = ProcessCommand("setpriv", user + arguments)
        }
        command.workingDirectory = "/"
        return command
    }

    /// Runs statements; what they return, without white space around it.
    @discardableResult
    func query(_ sql: String) async throws -> String { try await psql(["-c", sql]) }

    /// Runs the statements of a file.
    func run(file path: String) async throws { _ = try await psql(["-f", path]) }

    private func psql(_ arguments: [String]) async throws -> String {
        let result = try await ProcessCommand("psql", ["-XqAtv", "ON_ERROR_STOP=1", url] + arguments).run()
        guard result.exit == .exited(0) else { throw Failure(description: "\(arguments): \(result.standardError)") }
        return result.standardOutput.split(whereSeparator: \.isNewline).joined(separator: "\n")
    }

    private static func freePort() throws -> UInt16 {
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
        guard status == 0 else { throw Failure(description: "no free port on 127.0.0.1") }
        return UInt16(bigEndian: address.sin_port)
    }
}

/// Waits until a condition holds, which is looked at again and again.
func until(_ words: String, _ condition: () async throws -> Bool) async throws {
    for _ in 0..<6000 {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(50))
    }
    throw Database.Failure(description: "not in five minutes: \(words)")
}
