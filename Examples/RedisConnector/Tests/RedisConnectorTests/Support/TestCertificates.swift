// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import Testing

@testable import RedisConnector

/// Two authorities, a server's certificate of the first, and a client's certificate of each.
struct TestCertificates: Sendable {
    let directory: TemporaryDirectory

    init() async throws {
        directory = try TemporaryDirectory()
        for authority in ["ca", "other"] {
            try await openssl(
                "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=\(authority)"
                    + " -keyout \(directory["\(authority).key"]) -out \(directory["\(authority).pem"])"
            )
        }
        try await issue("server", by: "ca", "subjectAltName=IP:127.0.0.1,DNS:localhost")
        try await issue("elsewhere", by: "ca", "subjectAltName=DNS:redis.example.com")
        try await issue("client", by: "ca", "extendedKeyUsage=clientAuth")
        try await issue("stranger", by: "other", "extendedKeyUsage=clientAuth")
    }

    subscript(name: String) -> String { directory["\(name).pem"] }

    func key(_ name: String) -> String { directory["\(name).key"] }

    private func issue(_ name: String, by authority: String, _ extensions: String) async throws {
        try directory.write(extensions + "\n", to: "\(name).cnf")
        try await openssl(
            "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=\(name)"
                + " -keyout \(key(name)) -out \(directory["\(name).csr"])"
        )
        try await openssl(
            "x509 -req -days 2 -in \(directory["\(name).csr"]) -CA \(self[authority]) -CAkey \(key(authority))"
                + " -CAcreateserial -extfile \(directory["\(name).cnf"]) -out \(self[name])"
        )
    }

    private func openssl(_ arguments: String) async throws {
        let command = ProcessCommand("openssl", arguments.split(separator: " ").map(String.init))
        do {
            let result = try await command.run()
            try #require(result.exit == .exited(0), "openssl failed: \(result.standardError)")
        } catch let error as CrashTestError where error.code == .cannotStart {
            Issue.record("openssl cannot be started: install the Debian package openssl")
            throw error
        }
    }
}
