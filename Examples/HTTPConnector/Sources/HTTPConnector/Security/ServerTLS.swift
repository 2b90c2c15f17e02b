// SPDX-License-Identifier: Apache-2.0

import NIOSSL
import OpenConnect

/// The certificate of a server, and whose certificates its clients need.
public struct ServerTLS: Sendable, Hashable {
    /// The file with the certificate and those that lead to its authority, in PEM.
    public var certificate: String
    /// The file with the private key, in PEM.
    public var key: String
    /// The file with the authorities of which clients have to present a certificate, in PEM; none have to where it is `nil`.
    public var clientAuthorities: String?

    /// A certificate and its key, by the paths of their files.
    public init(certificate: String, key: String, clientAuthorities: String? = nil) {
        self.certificate = certificate
        self.key = key
        self.clientAuthorities = clientAuthorities
    }

    /// Reads the files.
    func configuration() throws -> TLSConfiguration {
        let chain = try reading(certificate, "the certificate") { try NIOSSLCertificate.fromPEMFile($0) }
        let privateKey = try reading(key, "the private key") { try NIOSSLPrivateKey(file: $0, format: .pem) }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(privateKey)
        )
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        if let clientAuthorities {
            let authorities = try reading(clientAuthorities, "the authorities of clients") {
                try NIOSSLCertificate.fromPEMFile($0)
            }
            configuration.trustRoots = .certificates(authorities)
            configuration.certificateVerification = .noHostnameVerification
        }
        // A pair that does not belong together is found here, not at the first connection.
        do { _ = try NIOSSLContext(configuration: configuration) } catch {
            throw ConnectorError(
                .invalidConfiguration,
                "the certificate \(certificate) and the key \(key) cannot be used together: \(error)",
                cause: error
            )
        }
        return configuration
    }

    private func reading<Value>(_ path: String, _ what: String, _ read: (String) throws -> Value) throws -> Value {
        do { return try read(path) } catch {
            throw ConnectorError(.invalidConfiguration, "\(what) in \(path) cannot be read as PEM", cause: error)
        }
    }
}
