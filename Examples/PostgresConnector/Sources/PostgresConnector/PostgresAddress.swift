// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// How a PostgreSQL server is reached: a connection string, separate values, or both; separate values win.
///
/// What is given in neither way comes from libpq's own environment variables and password file (chapters "Environment
/// Variables" and "The Password File" of the manual).
public struct PostgresAddress: Sendable {
    /// How a connection is protected (chapter "SSL Support" of the manual).
    public struct TLSMode: RawRepresentable, CaseIterable, Sendable, Hashable, SettingValue {
        /// The name by which libpq knows the mode.
        public let rawValue: String

        private init(known name: String) { rawValue = name }

        /// The mode of a name, or `nil` where there is none.
        public init?(rawValue: String) {
            guard let mode = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
            self = mode
        }

        /// Never encrypted.
        public static let disable = TLSMode(known: "disable")
        /// Encrypted if the server wants it.
        public static let allow = TLSMode(known: "allow")
        /// Encrypted if the server can.
        public static let prefer = TLSMode(known: "prefer")
        /// Always encrypted; the server may be anybody, unless a root certificate is given.
        public static let require = TLSMode(known: "require")
        /// Always encrypted; the server's certificate has to be signed by a root certificate.
        public static let verifyAuthority = TLSMode(known: "verify-ca")
        /// The same, and the certificate has to be the host's.
        public static let verifyFull = TLSMode(known: "verify-full")

        /// All modes, the weakest first.
        public static var allCases: [TLSMode] { [disable, allow, prefer, require, verifyAuthority, verifyFull] }
    }

    /// A connection string, as a URI or as pairs of keyword and value; secret, as it may hold a password.
    public var url: Secret?
    /// The name or address of the host, several separated by commas, or the directory of a socket.
    public var host: String?
    /// The port.
    public var port: Int?
    /// The database.
    public var database: String?
    /// The user.
    public var user: String?
    /// The password.
    public var password: Secret?
    /// How the connection is protected.
    public var tls: TLSMode?
    /// The file with the certificates of the authorities that are trusted.
    public var rootCertificate: String?
    /// The file with the client's own certificate.
    public var certificate: String?
    /// The file with the key of that certificate.
    public var key: String?
    /// How long connecting may take; of several hosts each has its share of that.
    public var connectTimeout: Duration = .seconds(10)
    /// How long a call may take that the server answers; the statement is cancelled then.
    public var timeout: Duration = .seconds(30)

    /// The address that libpq's environment gives.
    public init() {}

    /// The address in a connection string, such as `postgresql://user@host:5432/database`.
    public init(url: Secret) { self.url = url }

    /// Where that leads.
    ///
    /// - Throws: `invalidConfiguration` for a connection string that cannot be read.
    func target() throws -> ConnectionTarget {
        var target = try url.map { try ConnectionTarget(string: $0) } ?? ConnectionTarget([:])
        target.set("host", host)
        target.set("port", port.map(String.init))
        target.set("dbname", database)
        target.set("user", user)
        target.set("sslmode", tls?.rawValue)
        target.set("sslrootcert", rootCertificate)
        target.set("sslcert", certificate)
        target.set("sslkey", key)
        target.set(password: password)
        target.connectTimeout = connectTimeout
        target.timeout = timeout
        target.setSession("default_transaction_isolation", "read\\ committed")
        target.setSession("standard_conforming_strings", "on")
        target.setSession("DateStyle", "ISO")
        target.setSession("bytea_output", "hex")
        target.setSession("extra_float_digits", "1")
        target.setSession("TimeZone", "UTC")
        return target
    }
}
