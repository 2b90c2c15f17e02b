// SPDX-License-Identifier: Apache-2.0

import NIOSSL
public import OpenConnect

/// How a connection to Redis is encrypted: what is trusted, and what the client shows of itself.
public struct RedisTLS: Sendable, Hashable {
    /// A PEM file of the authorities that are trusted, in place of the system's.
    public var authorities: String?
    /// A PEM file with the client's certificate, and those that it was issued by.
    public var certificate: String?
    /// A PEM file with the certificate's private key, without a passphrase.
    public var key: String?
    /// The name that the server's certificate has to have, if that is not the host of the address.
    public var serverName: String?
    /// Whether it is checked that the server's certificate is for the server's name. Its authority always is.
    public var checksName: Bool

    /// Choices; the defaults trust what the system trusts, and show nothing.
    public init(
        authorities: String? = nil,
        certificate: String? = nil,
        key: String? = nil,
        serverName: String? = nil,
        checksName: Bool = true
    ) {
        self.authorities = authorities
        self.certificate = certificate
        self.key = key
        self.serverName = serverName
        self.checksName = checksName
    }
}

extension RedisTLS {
    /// Reads the files.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError`` with the code `invalidConfiguration` that names the setting and the file.
    func context() throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        if let authorities {
            configuration.trustRoots = .certificates(try Self.certificates(authorities, "tls.authorities"))
        }
        guard (certificate == nil) == (key == nil) else {
            throw Self.invalid("tls.certificate and tls.key have to be given together")
        }
        if let certificate, let key {
            configuration.certificateChain = try Self.certificates(certificate, "tls.certificate")
                .map { .certificate($0) }
            guard let privateKey = try? NIOSSLPrivateKey(file: key, format: .pem) else {
                throw Self.invalid("tls.key: '\(key)' cannot be read as a private key in PEM without a passphrase")
            }
            configuration.privateKey = .privateKey(privateKey)
        }
        configuration.certificateVerification = checksName ? .fullVerification : .noHostnameVerification
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw Self.invalid("tls: the certificate and its key do not fit together: \(error)")
        }
    }

    private static func certificates(_ path: String, _ setting: String) throws -> [NIOSSLCertificate] {
        guard let certificates = try? NIOSSLCertificate.fromPEMFile(path), !certificates.isEmpty else {
            throw invalid("\(setting): '\(path)' cannot be read as certificates in PEM")
        }
        return certificates
    }

    private static func invalid(_ message: String) -> ConnectorError { ConnectorError(.invalidConfiguration, message) }
}

extension RedisTLS: SettingStructure {
    private static let authorities = Setting<String?>(
        "authorities",
        "A PEM file of the authorities that are trusted, in place of the system's."
    )
    private static let certificate = Setting<String?>("certificate", "A PEM file with the client's certificate.")
    private static let key = Setting<String?>("key", "A PEM file with the certificate's private key.")
    private static let serverName = Setting<String?>(
        "serverName",
        "The name that the server's certificate has to have, if that is not the address's host."
    )
    private static let checkName = Setting<Bool>(
        "checkName",
        "Whether the server's certificate has to be for the server's name.",
        default: true
    )

    /// What is trusted, and what is shown.
    public static var settings: SettingGroup {
        SettingGroup(authorities, certificate, key, serverName, checkName)
            .rules(.requires(certificate, key), .requires(key, certificate))
    }

    /// The configured choices.
    public init(_ values: SettingValues) throws {
        self.init(
            authorities: values[Self.authorities],
            certificate: values[Self.certificate],
            key: values[Self.key],
            serverName: values[Self.serverName],
            checksName: values[Self.checkName]
        )
    }
}
