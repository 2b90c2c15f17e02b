// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import Glibc
import OpenConnect
import Testing

@testable import PostgresConnector

@Suite struct TLSTests {
    /// A key and a certificate of its own signature, for 127.0.0.1 or another name.
    private func certificate(_ name: String, for host: String, in directory: TemporaryDirectory) async throws {
        let result = try await ProcessCommand(
            "openssl",
            [
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=\(host)",
                "-addext", "subjectAltName=\(host.first?.isNumber == true ? "IP" : "DNS"):\(host)",
                "-keyout", directory[name + ".key"], "-out", directory[name + ".pem"],
            ]
        ).run()
        try #require(result.exit == .exited(0), "openssl: \(result.standardError)")
        chmod(directory[name + ".key"], 0o600)
    }

    private func server(in directory: TemporaryDirectory) async throws -> PostgresServer {
        try await certificate("server", for: "127.0.0.1", in: directory)
        try await certificate("stranger", for: "127.0.0.1", in: directory)
        if getuid() == 0, let user = getpwnam("postgres") {
            chown(directory["server.key"], user.pointee.pw_uid, user.pointee.pw_gid)
        }
        return try await PostgresServer.initialize(
            in: directory.path,
            options: [
                "ssl=on", "ssl_cert_file=\(directory["server.pem"])", "ssl_key_file=\(directory["server.key"])",
                "ssl_ca_file=\(directory["server.pem"])",
            ]
        )
    }

    @Test func theServerIsVerified() async throws {
        let directory = try TemporaryDirectory()
        let server = try await server(in: directory)
        try await server.running { _ in
            let cases: [(PostgresAddress.TLSMode, root: String?, host: String, isRight: Bool)] = [
                (.disable, nil, "127.0.0.1", true), (.require, nil, "127.0.0.1", true),
                (.verifyAuthority, "server.pem", "localhost", true), (.verifyFull, "server.pem", "127.0.0.1", true),
                (.verifyFull, "server.pem", "localhost", false), (.verifyFull, "stranger.pem", "127.0.0.1", false),
                (.verifyAuthority, "stranger.pem", "127.0.0.1", false),
                (.verifyFull, "missing.pem", "127.0.0.1", false),
            ]
            for (mode, root, host, isRight) in cases {
                var address = server.address(server.target())
                address.host = host
                address.tls = mode
                address.rootCertificate = root.map { directory[$0] }
                let target = try address.target()
                var isEncrypted: [[String?]]?
                let error = await connectorError {
                    isEncrypted = try await withConnection(target) {
                        try await $0.run("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", [], "a test").rows
                    }
                }
                #expect(
                    (error == nil) == isRight,
                    "\(mode.rawValue), \(host), \(root ?? "none"): \(String(describing: error))"
                )
                #expect(error == nil || error?.code == .invalidConfiguration, "\(String(describing: error))")
                if isRight { #expect(isEncrypted == [[mode == .disable ? "f" : "t"]]) }
            }
        }
    }

    @Test func theClientIsKnownByItsCertificate() async throws {
        let directory = try TemporaryDirectory()
        let server = try await server(in: directory)
        // The certificate of the server is the only one that it trusts.
        let rules = "hostssl all clerk 127.0.0.1/32 trust clientcert=verify-ca\nhost all postgres 127.0.0.1/32 trust\n"
        try directory.write(rules, to: "data/pg_hba.conf")
        try await server.running { _ in
            try await server.execute("CREATE ROLE clerk LOGIN")
            var address = server.address(server.target())
            address.user = "clerk"
            address.tls = .require
            #expect(
                await connectorError { try await withConnection(address.target()) { _ in } }?.code
                    == .invalidConfiguration
            )
            chown(directory["server.key"], getuid(), getgid())
            address.certificate = directory["server.pem"]
            address.key = directory["server.key"]
            let user = try await withConnection(address.target()) {
                try await $0.run("SELECT current_user", [], "a test").rows
            }
            #expect(user == [["clerk"]])
        }
    }
}
