// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// A Redis server, and how a client presents itself to it.
public struct RedisAddress: Sendable, CustomStringConvertible {
    /// Where the server listens.
    public var endpoint: RedisEndpoint
    /// The number of the database.
    public var database = 0
    /// The ACL user; `nil` for the default user.
    public var username: String?
    /// The user's password. Nothing shows it.
    public var password: Secret?
    /// How the connection is encrypted; `nil` for not at all.
    public var tls: RedisTLS?
    /// How long making a connection may take, TLS and login included.
    public var connectTimeout: Duration = .seconds(10)
    /// How long the server may take for an answer before the connection is given up.
    public var commandTimeout: Duration = .seconds(30)

    /// A server that wants no password.
    public init(_ endpoint: RedisEndpoint) { self.endpoint = endpoint }

    /// The endpoint and the database, and nothing of the login.
    public var description: String { database == 0 ? "\(endpoint)" : "\(endpoint), database \(database)" }
}

extension RedisAddress {
    private static let address = Setting<RedisEndpoint>(
        "address",
        "Where the server listens: localhost:6379, or unix:/run/redis.sock."
    )
    private static let database = Setting<Int>("database", "The number of the database.", default: 0).range(0...)
    private static let username = Setting<String?>("username", "The ACL user; the default user without it.")
    private static let password = Setting<Secret?>("password", "The password, such as ${env:REDIS_PASSWORD}.")
    private static let tls = Setting<RedisTLS?>("tls", "Encrypts the connection; {} trusts what the system trusts.")
    private static let connectTimeout = Setting<Duration>(
        "connectTimeout",
        "How long making a connection may take.",
        default: .seconds(10)
    ).range(.milliseconds(1)...)
    private static let commandTimeout = Setting<Duration>(
        "commandTimeout",
        "How long the server may take for an answer before the connection is given up.",
        default: .seconds(30)
    ).range(.milliseconds(1)...)

    /// The settings that everything that talks to a server has.
    static var settings: SettingGroup {
        SettingGroup(address, database, username, password, tls, connectTimeout, commandTimeout)
            .rules(.requires(username, password))
    }

    /// The configured server.
    init(_ values: SettingValues) {
        self.init(values[Self.address])
        database = values[Self.database]
        username = values[Self.username]
        password = values[Self.password]
        tls = values[Self.tls]
        connectTimeout = values[Self.connectTimeout]
        commandTimeout = values[Self.commandTimeout]
    }
}
