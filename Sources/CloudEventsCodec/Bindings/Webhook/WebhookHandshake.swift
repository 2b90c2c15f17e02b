// SPDX-License-Identifier: Apache-2.0

/// The handshake of webhooks from the target's side (B4 to B6): the answer to a sender that asks, with an OPTIONS
/// request, whether it may deliver.
public struct WebhookHandshake: Sendable, Hashable {
    /// Whose deliveries are taken, and how many.
    public var policy: WebhookPolicy

    /// Makes a handshake.
    ///
    /// - Parameter policy: whose deliveries are taken, and how many.
    public init(_ policy: WebhookPolicy) {
        self.policy = policy
    }

    /// What a validation request asks.
    public struct Request: Sendable, Hashable {
        /// The DNS name of the sending system; `nil` where the request names none: then it is no such request (B4).
        public let origin: String?

        /// Where to grant permission later, an HTTPS URL. It comes from a stranger and holds a secret: before it is
        /// called, make sure that it leads to a host that may be called.
        public let callback: URI?

        /// The rate that the sender asks for.
        public let rate: WebhookRate?
    }

    /// Reads a validation request.
    ///
    /// - Parameter headers: the headers of the OPTIONS request.
    /// - Throws: ``CloudEventError`` with the header and the rule where a header is there twice, the rate is not a
    ///   number more than 0 or the callback is no HTTPS URL (B4). Answer with ``WebhookResponse/init(refusing:)``.
    public static func request(from headers: [MessageHeader]) throws(CloudEventError) -> Request {
        let origin = try headers.singleValue(of: WebhookHeader.requestOrigin, rule: "B4")
        var rate: WebhookRate?
        if let text = try headers.singleValue(of: WebhookHeader.requestRate, rule: "B4") {
            do throws(CloudEventError) { rate = try WebhookRate(header: text, allowsUnlimited: false) } catch {
                throw error.naming(WebhookHeader.requestRate)
            }
        }
        var callback: URI?
        if let text = try headers.singleValue(of: WebhookHeader.requestCallback, rule: "B4") {
            callback = try WebhookCallback.url(text)
        }
        return Request(origin: origin?.isEmpty == true ? nil : origin, callback: callback, rate: rate)
    }

    /// Answers a validation request.
    ///
    /// Consent is in the headers alone: where the origin is missing or not allowed, the response has none of them and
    /// its status means nothing (B6). The granted rate is the policy's, whatever the sender asked for (B5).
    ///
    /// - Parameter headers: the headers of the OPTIONS request.
    /// - Throws: as ``request(from:)``.
    public func response(to headers: [MessageHeader]) throws(CloudEventError) -> WebhookResponse {
        let request = try Self.request(from: headers)
        guard let origin = request.origin, policy.allows(origin) else {
            return WebhookResponse(status: 200, headers: [policy.allowHeader], reason: "no consent to this origin")
        }
        return WebhookResponse(status: 200, headers: [policy.allowHeader] + consent(to: origin))
    }

    private func consent(to origin: String) -> [MessageHeader] {
        // Only a name that the policy lists is repeated, never just any text of the request.
        [
            MessageHeader("WebHook-Allowed-Origin", policy.allowedOrigins == nil ? "*" : origin),
            MessageHeader("WebHook-Allowed-Rate", policy.rate.headerValue),
        ]
    }
}

extension WebhookHandshake.Request: CustomStringConvertible {
    /// Without the callback, which holds a secret.
    public var description: String { "validation request\(callback == nil ? "" : " with a callback")" }
}

/// The names of the handshake's headers, for looking them up.
enum WebhookHeader {
    static let requestOrigin = "webhook-request-origin"
    static let requestCallback = "webhook-request-callback"
    static let requestRate = "webhook-request-rate"
    static let allowedOrigin = "webhook-allowed-origin"
    static let allowedRate = "webhook-allowed-rate"
}
