// SPDX-License-Identifier: Apache-2.0

import Glibc
import OpenConnect
import Testing

@testable import PostgresConnector

extension WithServer {
    @Suite struct ConnectingTests {
        @Test func theConnectionStringGivesEverything() async throws {
            let server = try PostgresServer.shared
            for text in [
                "postgresql://postgres:pw@127.0.0.1:\(server.port)/postgres?sslmode=disable",
                "host=127.0.0.1 port=\(server.port) user=postgres dbname=postgres",
                "host=\(server.sockets) port=\(server.port) user=postgres dbname=postgres",
            ] {
                let rows = try await withConnection(ConnectionTarget(string: Secret(text))) {
                    try await $0.run("SELECT current_user", [], "a test").rows
                }
                #expect(rows == [["postgres"]])
            }
        }

        @Test(
            arguments: [
                (["dbname": "nowhere"], "does not exist"), (["user": "nobody"], "role \"nobody\" does not exist"),
                (["sslmode": "require"], "does not support SSL"), (["sslmode": "sometimes"], "sslmode"),
            ] as [([String: String], String)]
        )
        func wrongSettingsAreNamed(keywords: [String: String], words: String) async throws {
            let target = try PostgresServer.shared.target("postgres", keywords)
            let error = await connectorError { try await PostgresConnection(target).open() }
            #expect(error?.code == .invalidConfiguration)
            #expect(error?.message.contains(words) == true, "\(error?.message ?? "none")")
        }

        @Test func aWrongPasswordIsToldAndNotShown() async throws {
            // A server of its own: the others trust everybody.
            let directory = try TemporaryDirectory()
            let server = try await PostgresServer.initialize(in: directory.path)
            let rules =
                "local all all trust\nhost all clerk 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n"
            try directory.write(rules, to: "data/pg_hba.conf")
            try await server.running { _ in
                try await server.execute("CREATE ROLE clerk LOGIN PASSWORD 'right-horse'")
                let base = server.target("postgres", ["user": "clerk"])
                for (password, isRight) in [("right-horse", true), ("wrong-horse", false), (nil, false)] {
                    var target = base
                    target.set(password: password.map { Secret($0) })
                    let error = await connectorError { try await withConnection(target) { _ in } }
                    #expect((error == nil) == isRight)
                    #expect(isRight || error?.code == .invalidConfiguration)
                    #expect(
                        "\(String(reflecting: error)) \(target) \(String(reflecting: target))".contains("horse")
                            == false
                    )
                }
            }
        }

        @Test func anUnreachableServerIsNotConnected() async throws {
            let nobody = ConnectionTarget(["host": "127.0.0.1", "port": "\(try PostgresServer.freePort())"])
            #expect(await connectorError { try await PostgresConnection(nobody).open() }?.code == .notConnected)
            let noSocket = ConnectionTarget(["host": "/nowhere", "user": "postgres"])
            #expect(await connectorError { try await PostgresConnection(noSocket).open() }?.code == .notConnected)
        }

        @Test func aPeerThatSaysNothingIsGivenUp() async throws {
            try await withListener { _, port in
                var target = ConnectionTarget(["host": "127.0.0.1", "port": "\(port)", "user": "postgres"])
                target.connectTimeout = .milliseconds(50)
                let error = await connectorError { try await PostgresConnection(target).open() }
                #expect(error?.code == .notConnected)
                #expect(error?.message.contains("did not answer within") == true)
                target.connectTimeout = .seconds(60)
                let connection = PostgresConnection(target)
                let task = Task { try await connection.open() }
                task.cancel()
                #expect(await failure { try await task.value } is CancellationError)
            }
        }

        @Test func aHostThatSaysNothingDoesNotKeepTheOthersFromBeingTried() async throws {
            let server = try PostgresServer.shared
            let nobody = try PostgresServer.freePort()
            try await withListener { _, silent in
                let hosts = ["host": "127.0.0.1,127.0.0.1,127.0.0.1", "port": "\(nobody),\(silent),\(server.port)"]
                var target = server.target("postgres", hosts)
                target.connectTimeout = .seconds(6)
                let rows = try await withConnection(target) { try await $0.run("SELECT 1", [], "a test").rows }
                #expect(rows == [["1"]])
                target.set("port", "\(silent),\(nobody),\(silent)")
                target.connectTimeout = .milliseconds(50)
                let error = await connectorError { try await PostgresConnection(target).open() }
                #expect(error?.code == .notConnected)
                #expect(error?.message.contains("did not answer") == true, "\(error?.message ?? "")")
                #expect(error?.message.contains("127.0.0.1:\(silent)") == true, "\(error?.message ?? "")")
            }
        }

        @Test(arguments: ["HTTP/1.1 400 Bad Request\r\n\r\n", "E\u{0}\u{0}\u{0}\u{4}", "R\u{7F}\u{7F}\u{7F}\u{7F}", ""])
        func aPeerThatSpeaksSomethingElseIsRefused(answer: String) async throws {
            try await withListener { descriptor, port in
                let target = ConnectionTarget(
                    ["host": "127.0.0.1", "port": "\(port)", "user": "postgres", "sslmode": "disable"]
                )
                async let peer: Void = elsewhere {
                    let peer = accept(descriptor, nil, nil)
                    _ = answer.withCString { write(peer, $0, answer.utf8.count) }
                    close(peer)
                }
                let error = await connectorError { try await PostgresConnection(target).open() }
                await peer
                #expect(error?.code == .notConnected)
            }
        }

        @Test func anUnreadableStringIsNotShown() {
            let error = #expect(throws: ConnectorError.self) {
                try ConnectionTarget(string: Secret("host=db password=pa'ss hunter2"))
            }
            #expect(error?.code == .invalidConfiguration)
            #expect("\(String(reflecting: error))".contains("hunter2") == false)
        }
    }
}

/// Listens on a free port for as long as the closure runs, and answers nothing by itself.
private func withListener(_ body: (_ descriptor: Int32, _ port: UInt16) async throws -> Void) async throws {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, length) == 0 && listen(descriptor, 8) == 0 ? getsockname(descriptor, $0, &length) : -1
        }
    }
    try #require(status == 0)
    try await body(descriptor, UInt16(bigEndian: address.sin_port))
}
