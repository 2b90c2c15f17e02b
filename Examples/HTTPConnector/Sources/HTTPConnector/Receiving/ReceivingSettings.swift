// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// The object `queue`.
struct QueueSettings: SettingStructure {
    private static let maxEvents = Setting<Int>("maxEvents", "The most events.", default: 10_000).range(1...)
    private static let maxBytes = Setting<ByteSize>("maxBytes", "The most bytes.", default: .mebibytes(64))
        .range(ByteSize(bytes: 1)...)
    static var settings: SettingGroup { SettingGroup(maxEvents, maxBytes) }
    let limits: PushQueue.Limits

    init(_ values: SettingValues) throws {
        limits = PushQueue.Limits(maxRecords: values[Self.maxEvents], maxBytes: values[Self.maxBytes].bytes)
    }
}

/// The object `overload`.
struct OverloadSettings: SettingStructure {
    private static let status = Setting<Int>("status", "The status of the answer.", default: 503).allowed([429, 503])
    private static let retryAfter = Setting<Duration>(
        "retryAfter",
        "When to try again.",
        default: .seconds(1)
    ).range(.zero...)
    static var settings: SettingGroup { SettingGroup(status, retryAfter) }
    private(set) var overload = HTTPSource.Overload()

    init(_ values: SettingValues) throws {
        overload.status = values[Self.status]
        overload.retryAfter = values[Self.retryAfter]
    }
}

/// The object `basic`.
struct BasicSettings: SettingStructure {
    private static let user = Setting<String>("user", "The name.").checked("a name without a colon") {
        !$0.contains(":")
    }
    private static let password = Setting<Secret>("password", "The password.")
    static var settings: SettingGroup { SettingGroup(user, password) }
    let user: String
    let password: Secret

    init(_ values: SettingValues) throws {
        user = values[Self.user]
        password = values[Self.password]
    }
}

/// The object `tls` of a server.
struct TLSSettings: SettingStructure {
    private static let certificate = Setting<String>("certificate", "The file with the certificate chain, in PEM.")
    private static let key = Setting<String>("key", "The file with the private key, in PEM.")
    private static let clientAuthorities = Setting<String?>(
        "clientAuthorities",
        "The file with the authorities of which senders have to present a certificate, in PEM."
    )
    static var settings: SettingGroup { SettingGroup(certificate, key, clientAuthorities) }
    let tls: ServerTLS

    init(_ values: SettingValues) throws {
        tls = ServerTLS(
            certificate: values[Self.certificate],
            key: values[Self.key],
            clientAuthorities: values[Self.clientAuthorities]
        )
    }
}

/// The object `webhook` of a receiver.
struct WebhookSettings: SettingStructure {
    private static let origins = Setting<[String]?>(
        "allowedOrigins",
        "The DNS names of the systems that may deliver; all of them where there is no list."
    )
    private static let rate = Setting<Int?>("rate", "How many deliveries a minute each of them may make.").range(1...)
    static var settings: SettingGroup { SettingGroup(origins, rate) }
    private let origins: [String]?
    private let rate: WebhookRate

    init(_ values: SettingValues) throws {
        origins = values[Self.origins]
        rate = try values[Self.rate].map { try WebhookRate(requestsPerMinute: $0) } ?? .unlimited
    }

    func policy(methods: [String]) -> WebhookPolicy {
        WebhookPolicy(allowedOrigins: origins, rate: rate, methods: methods)
    }
}

/// The object `common`.
struct CommonSettings: SettingStructure {
    private static let type = Setting<String>("type", "The type of the events.").checked("a text") { !$0.isEmpty }
    private static let source = Setting<String?>("source", "The source of the events.")
        .checked("a URI reference") { $0.map { (try? URIReference($0)) != nil } ?? true }
    private static let idHeader = Setting<String?>("idHeader", "The header whose value is the event's id.")
        .example("Idempotency-Key")
    static var settings: SettingGroup { SettingGroup(type, source, idHeader) }
    let events: CommonEvents

    init(_ values: SettingValues) throws {
        events = CommonEvents(
            type: values[Self.type],
            source: try values[Self.source].map { try URIReference($0) },
            idHeader: values[Self.idHeader]
        )
    }
}

/// The object `github`.
struct GitHubSettings: SettingStructure {
    private static let secretSetting = Setting<Secret>(
        "secret",
        "The secret of the webhook, which signs each delivery."
    ).checked("a secret that is not empty") { !$0.reveal().isEmpty }
    static var settings: SettingGroup { SettingGroup(secretSetting) }
    let secret: Secret

    init(_ values: SettingValues) throws { secret = values[Self.secretSetting] }
}
