// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
public import OpenConnect

extension HTTPSink {
    /// How an ``HTTPSink`` sends.
    public struct Options: Sendable {
        /// How events are put into requests.
        public var mode: Mode
        /// The method of the requests.
        public var method: Method
        /// Headers of every request. They may hold keys, so nothing shows their values.
        public var headers: [String: Secret]
        /// How the sink proves that it may send.
        public var credentials: ClientCredentials?
        /// What is trusted, and what the sink shows of itself, with `https`.
        public var tls: ClientTLS
        /// How long making a connection may take, TLS included.
        public var connectTimeout: Duration
        /// How long a request may take, from its beginning to the end of the answer.
        public var timeout: Duration
        /// How many requests may be on their way at the same time, at least 1.
        public var concurrency: Int
        /// In batched mode, the most events in one request, at least 1.
        public var batchEvents: Int
        /// In batched mode, the most bytes of events in one request. A larger event travels alone.
        public var batchBytes: Int
        /// The handshake of webhooks: where it is given, the target is asked for its consent at the start.
        public var webhook: WebhookSender?

        /// Options; the defaults send each event in binary mode with `POST`.
        public init(
            mode: Mode = .binary,
            method: Method = .post,
            headers: [String: Secret] = [:],
            credentials: ClientCredentials? = nil,
            tls: ClientTLS = ClientTLS(),
            connectTimeout: Duration = .seconds(10),
            timeout: Duration = .seconds(30),
            concurrency: Int = 16,
            batchEvents: Int = 100,
            batchBytes: Int = 1 << 20,
            webhook: WebhookSender? = nil
        ) {
            self.mode = mode
            self.method = method
            self.headers = headers
            self.credentials = credentials
            self.tls = tls
            self.connectTimeout = connectTimeout
            self.timeout = timeout
            self.concurrency = concurrency
            self.batchEvents = batchEvents
            self.batchBytes = batchBytes
            self.webhook = webhook
        }
    }

    /// The method of an ``HTTPSink``'s requests.
    public struct Method: Sendable, Hashable, CustomStringConvertible {
        /// The method as it is sent.
        public let description: String

        /// `POST`.
        public static let post = Method(description: "POST")
        /// `PUT`.
        public static let put = Method(description: "PUT")
    }
}

extension HTTPSink.Options {
    /// How many records suit one put: enough to keep all connections busy, and few enough for a prompt commit.
    var recordsPerPut: Int { max(mode.isBatched ? batchEvents : 16, 16) * min(concurrency, 64) }

    /// Refuses what cannot work.
    func check(_ target: SinkTarget) throws(SettingFlaw) {
        for (name, value) in headers.sorted(by: { $0.key < $1.key }) { try SinkHeaders.checkSetting(name, value) }
        if credentials != nil, headers.keys.contains(where: { $0.lowercased() == "authorization" }) {
            throw SettingFlaw(
                "headers",
                "the header 'Authorization' cannot be set together with credentials; leave one of them out"
            )
        }
        guard concurrency > 0 else { throw SettingFlaw("concurrency", "the concurrency has to be at least 1") }
        guard batchEvents > 0 else { throw SettingFlaw("batchEvents", "a batch has to have room for 1 event") }
        guard batchBytes > 0 else { throw SettingFlaw("batchBytes", "a batch has to have room for 1 byte") }
        guard timeout > .zero else { throw SettingFlaw("timeout", "the timeout has to be more than nothing") }
        guard connectTimeout > .zero else {
            throw SettingFlaw("connectTimeout", "the timeout of connecting has to be more than nothing")
        }
        if mode.isBatched, mode.format?.batchContentType == nil {
            throw SettingFlaw("format", "the format \(mode.formatName) has no batches; take json, protobuf or xml")
        }
        if webhook != nil, method != .post {
            throw SettingFlaw("method", "a webhook is delivered to with POST; leave the method out")
        }
        if !target.isTLS, tls.isCustomized {
            throw SettingFlaw("tls", "the settings of TLS have no effect on an http URL; use https, or leave them out")
        }
    }
}
