// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
public import OpenConnect

extension HTTPSource: ConfigurableConnector {
    /// `http`.
    public static let type = "http"
    /// What it is.
    public static let summary = "Takes CloudEvents, webhooks and plain bodies that others send over HTTP."
    private static let standard = Options()

    private static let listen = Setting<ListenAddress>("listen", "Where to listen.")
    private static let path = Setting<String>("path", "The path at which events are taken.", default: standard.path)
        .checked("a path that begins with /") { $0.hasPrefix("/") && !$0.contains("?") }
    private static let methods = Setting<[String]>(
        "methods",
        "The methods with which events are sent.",
        default: standard.methods
    ).checked("a list of POST, PUT and PATCH") { !$0.isEmpty && $0.allSatisfy(["POST", "PUT", "PATCH"].contains) }
    private static let answer = Setting<Answer>(
        "answer",
        "When a sender is answered: after the commit (200), or as soon as the pipeline has the event (202).",
        default: standard.answer
    )
    private static let answerTimeout = Setting<Duration>(
        "answerTimeout",
        "How long a sender waits before it gets 504.",
        default: standard.answerTimeout
    ).range(.milliseconds(1)...)
    private static let gatherTime = Setting<Duration>(
        "gatherTime",
        "For how long requests that come at the same time are gathered, so that they share a commit.",
        default: standard.gatherTime
    ).range(.zero...Duration.seconds(10))
    private static let requestTimeout = Setting<Duration>(
        "requestTimeout",
        "How long a sender may take to send a request.",
        default: standard.requestTimeout
    ).range(.milliseconds(1)...)
    private static let idleTimeout = Setting<Duration>(
        "idleTimeout",
        "How long a connection may be idle, or take for the head of a request.",
        default: standard.idleTimeout
    ).range(.milliseconds(1)...)
    private static let maxBody = Setting<ByteSize>(
        "maxBody",
        "The largest body of a request.",
        default: ByteSize(bytes: standard.maxBodyBytes)
    ).range(ByteSize(bytes: 1)...ByteSize.mebibytes(1024))
    private static let maxInFlightBodyBytes = Setting<ByteSize>(
        "maxInFlightBodyBytes",
        "The most bytes of bodies that are being received at the same time; at least maxBody.",
        default: ByteSize(bytes: standard.maxInFlightBodyBytes)
    ).range(ByteSize(bytes: 1)...)
    private static let maxBatchEvents = Setting<Int>(
        "maxBatchEvents",
        "The most events in a batch.",
        default: standard.maxBatchEvents
    ).range(1...)
    private static let maxConnections = Setting<Int>(
        "maxConnections",
        "The most connections; others wait until one is closed.",
        default: standard.maxConnections
    ).range(1...)
    private static let queue = Setting<QueueSettings?>("queue", "How much may wait to be taken by the pipeline.")
    private static let overload = Setting<OverloadSettings?>("overload", "How a request is refused for want of room.")
    private static let bearer = Setting<Secret?>("bearer", "The token that senders have to present.")
    private static let basic = Setting<BasicSettings?>("basic", "The name and password that senders have to present.")
    private static let tls = Setting<TLSSettings?>("tls", "The certificate, for HTTPS.")
    private static let webhook = Setting<WebhookSettings?>("webhook", "For the handshake of CloudEvents webhooks.")
    private static let common = Setting<CommonSettings?>(
        "common",
        "What a body becomes that is no CloudEvent; without it such a request is refused."
    )
    private static let gitHub = Setting<GitHubSettings?>("github", "For webhooks of GitHub.")
    private static let healthPath = Setting<String?>(
        "healthPath",
        "What the paths of the health checks begin with: /live and /ready follow. An empty one for none.",
        default: standard.healthPath
    ).checked("empty, or a path that begins with /") { $0.map { $0.isEmpty || $0.hasPrefix("/") } ?? true }

    /// Where to listen, what to take, and how to answer.
    public static var settings: SettingGroup {
        SettingGroup(listen, path, methods, answer, answerTimeout, bearer, basic, tls, webhook, gitHub, common)
            .adding(SettingGroup(maxBody, maxInFlightBodyBytes, maxBatchEvents, queue, overload))
            .adding(SettingGroup(gatherTime, requestTimeout, idleTimeout, maxConnections, healthPath))
            .rules(.exclusive(bearer, basic))
    }

    /// A source as configured.
    public convenience init(_ values: SettingValues) throws {
        var options = Options()
        options.path = values[Self.path]
        options.methods = values[Self.methods]
        options.answer = values[Self.answer]
        options.answerTimeout = values[Self.answerTimeout]
        options.gatherTime = values[Self.gatherTime]
        options.requestTimeout = values[Self.requestTimeout]
        options.idleTimeout = values[Self.idleTimeout]
        options.maxBodyBytes = values[Self.maxBody].bytes
        options.maxInFlightBodyBytes = values[Self.maxInFlightBodyBytes].bytes
        options.maxBatchEvents = values[Self.maxBatchEvents]
        options.maxConnections = values[Self.maxConnections]
        options.queue = values[Self.queue]?.limits ?? options.queue
        options.overload = values[Self.overload]?.overload ?? options.overload
        options.authentication = Self.authentication(values)
        options.tls = values[Self.tls]?.tls
        options.webhook = values[Self.webhook]?.policy(methods: options.methods)
        options.common = values[Self.common]?.events
        options.gitHub = values[Self.gitHub].map { GitHubWebhooks(secret: $0.secret) }
        options.healthPath = values[Self.healthPath].flatMap { $0.isEmpty ? nil : $0 }
        self.init(listen: values[Self.listen], options: options)
    }

    private static func authentication(_ values: SettingValues) -> SenderAuthentication {
        if let token = values[bearer] { return .bearer(token) }
        if let basic = values[basic] { return .basic(user: basic.user, password: basic.password) }
        return .none
    }
}
