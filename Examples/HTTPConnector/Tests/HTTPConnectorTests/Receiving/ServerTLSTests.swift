// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import ConnectRuntimeKit
import ConnectTestKit
import NIOCore
import NIOSSL
import OpenConnect
import Testing

@testable import HTTPConnector

@Suite("A source with a certificate", .timeLimit(.minutes(10)))
struct ServerTLSTests {
    private func client(_ certificates: TestCertificates, presenting name: String? = nil) throws -> HTTPClient {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .file(certificates.directory["ca.pem"])
        if let name {
            tls.certificateChain = try NIOSSLCertificate.fromPEMFile(certificates.directory["\(name).pem"])
                .map { .certificate($0) }
            tls.privateKey = .privateKey(
                try NIOSSLPrivateKey(file: certificates.directory["\(name).key"], format: .pem)
            )
        }
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: .init(tlsConfiguration: tls))
    }

    private func status(_ client: HTTPClient, _ receiver: Receiver) async throws -> Int? {
        let reply = try? await Reply.of(
            "https://127.0.0.1:\(receiver.port)/",
            [0x78],
            RefusedRequest.event,
            method: "POST",
            client: client
        )
        try await client.shutdown()
        return reply?.status
    }

    @Test("Events come over TLS; what is no TLS, or never becomes any, is cut")
    func encrypted() async throws {
        let certificates = try await TestCertificates.make()
        var options = HTTPSource.Options()
        options.idleTimeout = .seconds(2)
        options.tls = ServerTLS(
            certificate: certificates.directory["local.pem"],
            key: certificates.directory["local.key"]
        )
        try await withReceiver(options) { receiver in
            #expect(try await status(try client(certificates), receiver) == 200)
            for bytes in ["POST / HTTP/1.1\r\nHost: a\r\n\r\n", "\u{16}\u{3}\u{1}", ""] {
                let answer = try await RawConnection.exchange(receiver.port, Array(bytes.utf8))
                #expect(!answer.contains("HTTP/1.1 200"))
            }
            let stranger = HTTPClient(eventLoopGroupProvider: .singleton)
            #expect(try await status(stranger, receiver) == nil, "the certificate is of an unknown authority")
            let again = try await status(try client(certificates), receiver)
            #expect(again == 200 && receiver.log.count == 2)
        }
    }

    @Test("Where senders need a certificate, only one of the right authority lets them in")
    func clientCertificates() async throws {
        let certificates = try await TestCertificates.make()
        var options = HTTPSource.Options()
        options.tls = ServerTLS(
            certificate: certificates.directory["local.pem"],
            key: certificates.directory["local.key"],
            clientAuthorities: certificates.directory["ca.pem"]
        )
        try await withReceiver(options) { receiver in
            for (name, expected) in [("client", 200), (nil, nil), ("stranger", nil)] as [(String?, Int?)] {
                let found = try await status(try client(certificates, presenting: name), receiver)
                #expect(found == expected, "\(name ?? "none")")
            }
        }
    }

    @Test("What cannot be used is found at the start", arguments: ["missing", "key of another", "no PEM"])
    func unusable(flaw: String) async throws {
        let certificates = try await TestCertificates.make()
        let directory = certificates.directory
        _ = try directory.write("no PEM", to: "text")
        let (certificate, key) =
            switch flaw {
            case "missing": ("nowhere.pem", "local.key")
            case "no PEM": ("text", "local.key")
            default: ("local.pem", "client.key")
            }
        var options = HTTPSource.Options()
        options.tls = ServerTLS(certificate: directory[certificate], key: directory[key])
        let error = await #expect(throws: ConnectorError.self) {
            try await withReceiver(options) { _ in Issue.record("it listens") }
        }
        #expect(error?.code == .invalidConfiguration && error?.message.contains(certificate) == true, "\(error!)")
    }
}
