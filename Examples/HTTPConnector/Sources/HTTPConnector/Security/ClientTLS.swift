// SPDX-License-Identifier: Apache-2.0

import NIOSSL
public import OpenConnect

/// What a client trusts, and what it shows of itself, where it speaks TLS.
public struct ClientTLS: Sendable, Hashable {
    /// How much of the server's certificate is checked.
    public struct Verification: Sendable, Hashable, CustomStringConvertible {
        /// The name, as it is written in a configuration.
        public let description: String

        /// The certificate comes from an authority that is trusted, and is the server's own.
        public static let full = Verification(description: "full")
        /// The certificate comes from an authority that is trusted; whose it is does not matter.
        public static let authority = Verification(description: "authority")
        /// Nothing. Anybody on the way can read and change what is sent: for tests only.
        public static let none = Verification(description: "none")
    }

    /// A file with the certificates of the authorities that are trusted, in PEM; `nil` for those of the system.
    public var authorities: String?
    /// A file with the client's certificate and those between it and its authority, in PEM.
    public var certificate: String?
    /// A file with the private key of the certificate, in PEM.
    public var key: String?
    /// The name that the server's certificate has to have, where that is not the host of the URL.
    public var serverName: String?
    /// How much of the server's certificate is checked.
    public var verification: Verification
    /// More authorities that are trusted, as text in PEM.
    var additionalAuthorities: String?

    /// Choices; the defaults trust what the system trusts, and show nothing.
    public init(
        authorities: String? = nil,
        certificate: String? = nil,
        key: String? = nil,
        serverName: String? = nil,
        verification: Verification = .full
    ) {
        self.authorities = authorities
        self.certificate = certificate
        self.key = key
        self.serverName = serverName
        self.verification = verification
    }

    /// Whether anything was chosen that has an effect with TLS alone.
    var isCustomized: Bool {
        authorities != nil || certificate != nil || key != nil || serverName != nil || verification != .full
    }
}

extension ClientTLS {
    /// Reads the files.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError`` with the code `invalidConfiguration` that names the setting and the file.
    func configuration() throws -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        if let authorities {
            configuration.trustRoots = .certificates(try Self.certificates(authorities, "tls.authorities"))
        }
        if let additionalAuthorities {
            let certificates = try Self.certificates(text: additionalAuthorities)
            configuration.additionalTrustRoots = [.certificates(certificates)]
        }
        guard (certificate == nil) == (key == nil) else {
            throw Self.invalid("tls.certificate and tls.key have to be given together")
        }
        if let certificate, let key {
            configuration.certificateChain = try Self.certificates(certificate, "tls.certificate").map {
                .certificate($0)
            }
            do {
                configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))
            } catch {
                throw Self.invalid("tls.key: '\(key)' cannot be read as a private key in PEM without a passphrase")
            }
        }
        switch verification {
        case .none: configuration.certificateVerification = .none
        case .authority: configuration.certificateVerification = .noHostnameVerification
        default: configuration.certificateVerification = .fullVerification
        }
        return configuration
    }

    private static func certificates(_ path: String, _ setting: String) throws -> [NIOSSLCertificate] {
        guard let certificates = try? NIOSSLCertificate.fromPEMFile(path), !certificates.isEmpty else {
            throw invalid("\(setting): '\(path)' cannot be read as certificates in PEM")
        }
        return certificates
    }

    private static func certificates(text: String) throws -> [NIOSSLCertificate] {
        guard let certificates = try? NIOSSLCertificate.fromPEMBytes(Array(text.utf8)), !certificates.isEmpty else {
            throw invalid("K_CA_CERTS holds no certificates in PEM; Knative's SinkBinding sets it")
        }
        return certificates
    }

    private static func invalid(_ message: String) -> ConnectorError { ConnectorError(.invalidConfiguration, message) }
}

extension ClientTLS: SettingStructure {
    private enum VerificationName: String, CaseIterable, SettingValue { case full, authority, none }

    private static let authorities = Setting<String?>(
        "authorities",
        "A PEM file of the authorities that are trusted, in place of the system's."
    )
    private static let certificate = Setting<String?>("certificate", "A PEM file with the client's certificate.")
    private static let key = Setting<String?>("key", "A PEM file with the certificate's private key.")
    private static let serverName = Setting<String?>(
        "serverName",
        "The name that the server's certificate has to have, if that is not the URL's host."
    )
    private static let verify = Setting<VerificationName>(
        "verify",
        "What of the server's certificate is checked: all, its authority alone, or nothing (for tests).",
        default: .full
    )

    /// What is trusted, and what is shown.
    public static var settings: SettingGroup {
        SettingGroup(authorities, certificate, key, serverName, verify)
            .rules(.requires(certificate, key), .requires(key, certificate))
    }

    /// The configured choices.
    public init(_ values: SettingValues) throws {
        self.init(
            authorities: values[Self.authorities],
            certificate: values[Self.certificate],
            key: values[Self.key],
            serverName: values[Self.serverName],
            verification: Verification(description: values[Self.verify].rawValue)
        )
    }
}
