// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Testing

@testable import HTTPConnector

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A directory that is removed with its last reference.
final class SendingDirectory: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/http-sink-XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer { mkdtemp($0.baseAddress!) != nil }
        try #require(made)
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit {
        let path = path
        _ = "rm -rf '\(path)'".withCString { system($0) }
    }

    subscript(name: String) -> String { "\(path)/\(name)" }

    func write(_ text: String, to name: String) throws -> String {
        let file = try #require(fopen(self[name], "w"))
        fputs(text, file)
        fclose(file)
        return self[name]
    }

    func text(of name: String) throws -> String {
        let file = try #require(fopen(self[name], "r"))
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes[..<count], as: UTF8.self)
    }
}

/// Two authorities, a server's certificate of the first and a client's certificate of each.
struct TestCertificates: Sendable {
    /// What a server needs.
    struct Server: Sendable {
        var certificate: String
        var key: String
        var clientAuthorities: String?
    }

    let directory: SendingDirectory

    static func make() async throws -> TestCertificates {
        let directory = try SendingDirectory()
        for authority in ["ca", "other"] {
            try await openssl(
                "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=\(authority)"
                    + " -keyout \(directory["\(authority).key"]) -out \(directory["\(authority).pem"])"
            )
        }
        try await issue("server", by: "ca", "subjectAltName=DNS:events.example.com", in: directory)
        try await issue("local", by: "ca", "subjectAltName=IP:127.0.0.1,DNS:localhost", in: directory)
        try await issue("client", by: "ca", "extendedKeyUsage=clientAuth", in: directory)
        try await issue("stranger", by: "other", "extendedKeyUsage=clientAuth", in: directory)
        return TestCertificates(directory: directory)
    }

    private static func issue(
        _ name: String,
        by authority: String,
        _ extensions: String,
        in directory: SendingDirectory
    ) async throws {
        let file = try directory.write(extensions + "\n", to: "\(name).cnf")
        try await openssl(
            "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=\(name)"
                + " -keyout \(directory["\(name).key"]) -out \(directory["\(name).csr"])"
        )
        try await openssl(
            "x509 -req -days 2 -in \(directory["\(name).csr"]) -CA \(directory["\(authority).pem"])"
                + " -CAkey \(directory["\(authority).key"]) -CAcreateserial -extfile \(file)"
                + " -out \(directory["\(name).pem"])"
        )
    }

    private static func openssl(_ arguments: String) async throws {
        let words = arguments.split(separator: " ").map(String.init)
        try await ForeignProgram.openssl.running(words) { child in
            let exit = await child.wait()
            try #require(exit == .exited(0), "openssl failed: \(child.standardError)")
        }
    }

    subscript(name: String) -> String { directory["\(name).pem"] }

    func server(_ name: String, clients: String? = nil) -> Server {
        Server(certificate: self[name], key: directory["\(name).key"], clientAuthorities: clients.map { self[$0] })
    }

    func client(_ name: String?, trusting authority: String?) -> ClientTLS {
        ClientTLS(
            authorities: authority.map { self[$0] },
            certificate: name.map { self[$0] },
            key: name.map { directory["\($0).key"] }
        )
    }
}
