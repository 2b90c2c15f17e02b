// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import Glibc
import OpenConnect
import Testing

@testable import PostgresConnector

extension WithServer {
    @Suite struct CommandTests {
        @Test(.timeLimit(.minutes(10))) func theCommandServesItsMetrics() async throws {
            let server = try PostgresServer.shared
            let target = try await server.newDatabase()
            try await server.execute("CREATE TABLE source (n bigserial, item text)", in: target)
            try await server.execute("CREATE TABLE target (n bigint, item text)", in: target)
            try await server.execute("INSERT INTO source (item) VALUES ('a'), ('b')", in: target)
            let pipeline = try PipelineProcess(
                target,
                source: "\"type\": \"postgres-table\", \"tables\": [\"source\"], \"incrementing\": \"n\"",
                sink: "\"table\": \"target\""
            )
            let port = try PostgresServer.freePort()
            var command = pipeline.command
            command.environment["METRICS_LISTEN"] = "127.0.0.1:\(port)"
            try await withChildProcess(command) { process in
                let line = "openconnect_records_committed_total"
                let isServed = try await eventually {
                    Self.get("/metrics", port).split(separator: "\n").contains {
                        $0.hasPrefix(line) && $0.hasSuffix(" 2")
                    }
                }
                #expect(isServed, "\(Self.get("/metrics", port))\(process.standardError)")
                // Durations are measured where somebody can ask for them.
                #expect(Self.get("/metrics", port).contains("_seconds_bucket{"))
                process.send(SIGTERM)
                #expect(await process.wait() == .exited(0), "\(process.standardError)")
            }
        }

        @Test(.timeLimit(.minutes(10))) func checkNamesWhatIsMissing() async throws {
            let server = try PostgresServer.shared
            let target = try await server.newDatabase()
            try await server.execute("CREATE TABLE target (n bigint)", in: target)
            let pipeline = try PipelineProcess(
                target,
                source: "\"type\": \"postgres-cdc\", \"slot\": \"nothing\", \"publication\": \"p\"",
                sink: "\"table\": \"target\""
            )
            var command = pipeline.command
            command.arguments[0] = "check"
            let result = try await command.run()
            #expect(result.exit != .exited(0))
            #expect((result.standardOutput + result.standardError).contains("there is no slot \"nothing\""))
        }

        /// What a server of operations answers; nothing where it does not listen.
        private static func get(_ path: String, _ port: UInt16) -> String {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(descriptor) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            let length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let status = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, length) }
            }
            guard status == 0 else { return "" }
            let request = Array("GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8)
            guard send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else { return "" }
            var (answer, buffer) = ([UInt8](), [UInt8](repeating: 0, count: 1 << 16))
            while case let count = recv(descriptor, &buffer, buffer.count, 0), count > 0 { answer += buffer[..<count] }
            return String(decoding: answer, as: UTF8.self)
        }
    }
}
