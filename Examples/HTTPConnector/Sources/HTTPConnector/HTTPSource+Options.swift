// SPDX-License-Identifier: Apache-2.0

public import CloudEventsCodec
public import OpenConnect

extension HTTPSource {
    /// When a sender is answered.
    public enum Answer: String, CaseIterable, Sendable, SettingValue {
        /// With 202, as soon as the pipeline has taken the events: a crash may lose them.
        case accepted
        /// With 200, after the events are committed: what was answered is safe.
        case committed
    }

    /// Which requests are taken, and how they are answered.
    public struct Options: Sendable {
        /// The path at which events are taken. Default: `/`.
        public var path = "/"
        /// The methods with which events are sent. Default: POST.
        public var methods = ["POST"]
        /// When a sender is answered. Default: after the commit.
        public var answer = Answer.committed
        /// How long a sender waits for its answer before it gets 504. Default: 30 s.
        public var answerTimeout = Duration.seconds(30)
        /// For how long requests that come at the same time are gathered, so that they share a commit. A sender that is
        /// alone never waits for it. Default: 1 ms.
        public var gatherTime = Duration.milliseconds(1)
        /// How long a sender may take to send a request, once it has begun. Default: 30 s.
        public var requestTimeout = Duration.seconds(30)
        /// How long a connection may be without a whole head of a request. Default: 60 s.
        public var idleTimeout = Duration.seconds(60)
        /// The largest body of a request in bytes. Default: 1 MiB.
        public var maxBodyBytes = 1 << 20
        /// The most bytes of bodies that are being received at the same time, or that the queue has not taken yet; at least
        /// ``maxBodyBytes``. A request that announces a length takes so much at once, another one what has come of it; one
        /// that finds no room is refused as ``overload`` says. Default: 64 MiB.
        public var maxInFlightBodyBytes = 64 << 20
        /// The most events in a batch. Default: 1000.
        public var maxBatchEvents = 1000
        /// The most connections; others wait until one is closed. Default: 16384.
        public var maxConnections = 16_384
        /// How much may wait to be taken by the pipeline; a request that finds no room is refused.
        public var queue = PushQueue.Limits(maxRecords: 10_000, maxBytes: 64 << 20)
        /// How a request is refused for want of room.
        public var overload = Overload()
        /// Who may send; anybody by default.
        public var authentication = SenderAuthentication.none
        /// The certificate of the server; without TLS by default.
        public var tls: ServerTLS?
        /// Whose webhooks are taken, and how many. By default the handshake is not done, and no origin is asked for.
        public var webhook: WebhookPolicy?
        /// What becomes of a body that is no CloudEvent; it is refused by default.
        public var common: CommonEvents?
        /// The secret of GitHub's webhooks; by default they are not taken. Without ``authentication`` or certificates of the
        /// senders, nothing else is.
        public var gitHub: GitHubWebhooks?
        /// What the paths of the health checks begin with: `/live` and `/ready` follow. `nil` for none. Default: `/health`.
        public var healthPath: String? = "/health"

        /// The defaults.
        public init() {}

        /// Whether a sender that comes as far as its request has proved who it is.
        var provesSenders: Bool { authentication != .none || tls?.clientAuthorities != nil }
    }

    /// How a request is refused for want of room.
    public struct Overload: Sendable, Hashable {
        /// The status: 503 by default, 429 for senders that know only that.
        public var status = 503
        /// What `Retry-After` says, rounded up to seconds. Default: 1 s.
        public var retryAfter = Duration.seconds(1)

        /// 503, to be tried again after a second.
        public init() {}
    }
}
