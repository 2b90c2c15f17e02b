// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Testing

@testable import RedisConnector

@Suite("TLS and ACL users", .serialized, .timeLimit(.minutes(10)))
struct SecurityTests {
    private static func secured(_ certificates: TestCertificates, named name: String = "server") async throws
        -> RedisServer
    {
        // The port without TLS is none.
        let port = try FreePort.next()
        return try await RedisServer(
            [
                "--port", "0", "--tls-port", "\(port)", "--tls-cert-file", certificates[name], "--tls-key-file",
                certificates.key(name), "--tls-ca-cert-file", certificates["ca"],
            ],
            port: port
        )
    }

    private static func attempt(_ address: RedisAddress) async -> ConnectorError? {
        do {
            let connection = try await RedisConnection.open(address, named: "test")
            let reply = try? await connection.run(["PING"], "a ping")
            await connection.close()
            return reply?.text == "PONG" ? nil : ConnectorError(.fatal, "no answer")
        } catch {
            return error as? ConnectorError ?? ConnectorError(.fatal, "another error", cause: error)
        }
    }

    @Test(
        "The server's certificate has to be of a trusted authority and for its name, and the client's of the server's"
    )
    func certificates() async throws {
        let certificates = try await TestCertificates()
        let server = try await Self.secured(certificates)
        var address = server.address
        let own = (certificates["client"], certificates.key("client"))
        address.tls = RedisTLS(authorities: certificates["ca"], certificate: own.0, key: own.1)
        #expect(await Self.attempt(address) == nil)
        address.tls = RedisTLS(authorities: certificates["other"], certificate: own.0, key: own.1)
        let distrust = await Self.attempt(address)
        #expect(distrust?.code == .invalidConfiguration, "\(distrust as Any)")
        let foreign = (certificates["stranger"], certificates.key("stranger"))
        address.tls = RedisTLS(authorities: certificates["ca"], certificate: foreign.0, key: foreign.1)
        #expect(await Self.attempt(address) != nil)
        address.tls = RedisTLS(authorities: certificates["ca"])
        #expect(await Self.attempt(address) != nil)
        address.tls = nil
        #expect(await Self.attempt(address) != nil)
        address.tls = RedisTLS(authorities: certificates["ca"], certificate: own.0, key: foreign.1)
        #expect(await Self.attempt(address)?.code == .invalidConfiguration)
        address.tls = RedisTLS(authorities: "/nowhere.pem")
        #expect(await Self.attempt(address)?.message.contains("tls.authorities") == true)
        await server.kill()
    }

    @Test("A certificate for another name is refused, unless that name or none is asked for")
    func names() async throws {
        let certificates = try await TestCertificates()
        let server = try await Self.secured(certificates, named: "elsewhere")
        var address = server.address
        var tls = RedisTLS(
            authorities: certificates["ca"],
            certificate: certificates["client"],
            key: certificates.key("client")
        )
        address.tls = tls
        #expect(await Self.attempt(address)?.code == .invalidConfiguration)
        tls.serverName = "redis.example.com"
        address.tls = tls
        #expect(await Self.attempt(address) == nil)
        tls.serverName = nil
        tls.checksName = false
        address.tls = tls
        #expect(await Self.attempt(address) == nil)
        await server.kill()
    }

    @Test("ACL users: the right password, a wrong one, none, and too few rights; no message shows a password")
    func users() async throws {
        let directory = try TemporaryDirectory()
        try directory.write(
            """
            user default off
            user mover on >open-sesame ~in ~out +@all
            user reader on >open-sesame ~in +@read +xreadgroup +xgroup +xack +client|setname

            """,
            to: "users.acl"
        )
        let server = try await RedisServer(["--aclfile", directory["users.acl"]])
        func address(_ user: String?, _ password: String?) -> RedisAddress {
            var address = server.address
            address.username = user
            address.password = password.map { Secret($0) }
            return address
        }
        #expect(await Self.attempt(address("mover", "open-sesame")) == nil)
        for (user, password) in [("mover", "open-barley"), ("nobody", "open-sesame"), (nil, "open-sesame"), (nil, nil)]
        {
            let error = await Self.attempt(address(user, password))
            #expect(error?.code == .invalidConfiguration)
            #expect("\(error as Any)".contains("open-") == false)
        }
        var options = RedisStreamSinkOptions()
        options.format = .raw
        let sink = RedisStreamSink(
            stream: try StreamName("out"),
            of: address("reader", "open-sesame"),
            options: options
        )
        let refusal = await #expect(throws: ConnectorError.self) {
            try await withSink(sink) { _ = try await $0.put(RecordBatch([ConnectorRecord("a")])) }
        }
        #expect(refusal?.code == .invalidConfiguration && refusal?.message.contains("NOPERM") == true)
        await server.kill()
    }

    @Test("The executable takes the password from its environment, over TLS, and shows it nowhere")
    func executable() async throws {
        let certificates = try await TestCertificates()
        let port = try FreePort.next()
        let directory = try TemporaryDirectory()
        try directory.write("user default off\nuser mover on >open-sesame ~* +@all\n", to: "users.acl")
        let server = try await RedisServer(
            [
                "--port", "0", "--tls-port", "\(port)", "--tls-cert-file", certificates["server"], "--tls-key-file",
                certificates.key("server"), "--tls-ca-cert-file", certificates["ca"], "--aclfile",
                directory["users.acl"],
            ],
            port: port
        )
        let access = """
            "address": "127.0.0.1:\(port)", "username": "mover", "password": "${env:REDIS_PASSWORD}",
            "tls": { "authorities": "\(certificates["ca"])", "certificate": "\(certificates["client"])",
                     "key": "\(certificates.key("client"))" }
            """
        try directory.write((0..<100).map { "\($0)\n" }.joined(), to: "in")
        var process = try ConnectorProcess(
            """
            { "offsets": { "type": "redis", \(access) },
              "pipelines": {
                "in": { "source": { "type": "file", "path": "\(directory["in"])" },
                        "sinks": [ { "type": "redis-stream", "stream": "s", "format": "raw", \(access) } ] },
                "out": { "source": { "type": "redis-stream", "streams": ["s"], "group": "g",
                                     "createGroup": "beginning", \(access) },
                         "sinks": [ { "type": "file", "path": "\(directory["out"])" } ] } } }
            """,
            in: directory
        )
        process.command.environment["REDIS_PASSWORD"] = "open-sesame"
        try await process.run { child in
            try await eventually("all lines have arrived") {
                if child.exit != nil { throw TestError(child.standardError) }
                return try directory.lines(of: "out").count == 100
            }
            #expect(!child.standardError.contains("open-sesame"))
        }
        #expect(try directory.lines(of: "out") == (0..<100).map { "\($0)" })
        await server.kill()
    }
}
