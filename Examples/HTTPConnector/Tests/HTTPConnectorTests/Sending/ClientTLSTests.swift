// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Testing

@testable import HTTPConnector

@Suite("TLS of a client", .timeLimit(.minutes(10)))
struct ClientTLSTests {
    private static func put(to server: ReceivingServer, _ tls: ClientTLS) async throws {
        let sink = try HTTPSink(url: server.url, options: HTTPSink.Options(tls: tls))
        try await started(sink) { sink in try await sink.deliver(["a"]) }
    }

    private static func refused(by server: ReceivingServer, _ tls: ClientTLS) async throws -> ConnectorError {
        let error = try await failure { try await put(to: server, tls) }
        #expect(server.requests.isEmpty)
        return error
    }

    @Test func `the authority that signed the certificate has to be trusted`() async throws {
        let files = try await TestCertificates.make()
        try await ReceivingServer.serving(tls: files.server("local")) { server in
            for authority in ["other", nil] {
                let error = try await Self.refused(by: server, files.client(nil, trusting: authority))
                #expect(error.code == .invalidConfiguration)
                #expect(error.message.contains("tls.authorities"))
            }
            try await Self.put(to: server, files.client(nil, trusting: "ca"))
            try await Self.put(to: server, ClientTLS(verification: .none))
            #expect(server.requests.count == 2)
        }
    }

    @Test func `the certificate has to be that of the host, or of the configured name`() async throws {
        let files = try await TestCertificates.make()
        try await ReceivingServer.serving(tls: files.server("server")) { server in
            var tls = files.client(nil, trusting: "ca")
            let error = try await Self.refused(by: server, tls)
            #expect(error.code == .invalidConfiguration)
            tls.serverName = "another.example.com"
            #expect(try await Self.refused(by: server, tls).code == .invalidConfiguration)
            tls.serverName = "events.example.com"
            try await Self.put(to: server, tls)
            #expect(server.requests.first?["host"] == "127.0.0.1:\(server.port)")
            tls.serverName = nil
            tls.verification = .authority
            try await Self.put(to: server, tls)
        }
    }

    @Test func `a client's certificate is shown where it is demanded`() async throws {
        let files = try await TestCertificates.make()
        try await ReceivingServer.serving(tls: files.server("local", clients: "ca")) { server in
            for client in [nil, "stranger"] {
                let error = try await Self.refused(by: server, files.client(client, trusting: "ca"))
                #expect(error.code == .invalidConfiguration || error.code == .notConnected)
            }
            try await Self.put(to: server, files.client("client", trusting: "ca"))
            #expect(server.requests.count == 1)
        }
    }

    @Test func `a check of the connection finds what does not fit`() async throws {
        let files = try await TestCertificates.make()
        try await ReceivingServer.serving([.init(method: "OPTIONS", status: 404)], tls: files.server("local")) {
            server in
            func check(_ tls: ClientTLS) async throws {
                let sink = try HTTPSink(url: server.url, options: HTTPSink.Options(tls: tls))
                try await sink.checkConnection(SendingHost().context())
            }
            try await check(files.client(nil, trusting: "ca"))
            let error = try await failure { try await check(files.client(nil, trusting: "other")) }
            #expect(error.code == .invalidConfiguration)
        }
    }

    @Test func `a server without TLS is told apart`() async throws {
        try await ReceivingServer.serving { server in
            let sink = try HTTPSink(url: "https://127.0.0.1:\(server.port)/")
            let error = try await failure { try await started(sink) { try await $0.deliver(["a"]) } }
            #expect(error.code == .invalidConfiguration)
        }
    }

    @Test func `files that cannot be read are named`() async throws {
        let files = try await TestCertificates.make()
        let wrong = [
            ("tls.authorities", ClientTLS(authorities: "/no/such.pem")),
            ("tls.authorities", ClientTLS(authorities: files.directory["ca.key"])),
            ("tls.certificate", ClientTLS(certificate: "/no/such.pem", key: files.directory["client.key"])),
            ("tls.key", ClientTLS(certificate: files["client"], key: files["client"])),
            ("tls.key", ClientTLS(certificate: files["client"])),
        ]
        for (setting, tls) in wrong {
            let sink = try HTTPSink(url: "https://127.0.0.1:1/", options: HTTPSink.Options(tls: tls))
            let error = try await failure { try await started(sink) { _ in } }
            #expect(error.code == .invalidConfiguration)
            #expect(error.message.contains(setting))
        }
    }
}
