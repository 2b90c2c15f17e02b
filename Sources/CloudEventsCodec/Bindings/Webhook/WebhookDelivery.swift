// SPDX-License-Identifier: Apache-2.0

/// A delivery as a webhook's target receives it, for checking what the specification asks of every delivery (B1).
public struct WebhookDelivery: Sendable, Hashable {
    /// The request's method.
    public var method: String

    /// The request's headers and body.
    public var message: HTTPMessage

    /// Whether the connection was HTTPS; `nil` where the server does not know, as behind a proxy.
    public var isEncrypted: Bool?

    /// Makes a delivery.
    ///
    /// - Parameters:
    ///   - method: the request's method.
    ///   - message: the request's headers and body.
    ///   - isEncrypted: whether the connection was HTTPS; `nil` where that is not known.
    public init(method: String, message: HTTPMessage, isEncrypted: Bool? = nil) {
        self.method = method
        self.message = message
        self.isEncrypted = isEncrypted
    }

    /// What to answer where the delivery breaks a rule; `nil` where it breaks none and its event can be read.
    ///
    /// The rules are: POST (405), HTTPS (403), a payload and its content type (400; B1), and, where origins are
    /// checked, the header WebHook-Request-Origin with an allowed origin (403; B7). Authorization is checked with
    /// ``WebhookToken``.
    ///
    /// - Parameters:
    ///   - policy: whose deliveries are taken.
    ///   - requiresOrigin: whether a delivery without an origin is refused, as a target does that needs the handshake.
    public func refusal(by policy: WebhookPolicy, requiresOrigin: Bool = false) -> WebhookResponse? {
        guard method == "POST" else {
            return WebhookResponse(status: 405, headers: [policy.allowHeader], reason: "a delivery is a POST (B1)")
        }
        guard isEncrypted != false else {
            return WebhookResponse(status: 403, reason: "a delivery comes over HTTPS (B1)")
        }
        guard message.body?.isEmpty == false else {
            return WebhookResponse(status: 400, reason: "a delivery has a payload (B1)")
        }
        let contentTypes = message.headers.values(of: HTTPBinding.contentType)
        guard contentTypes.count == 1, (try? MediaType(contentTypes[0])) != nil else {
            return WebhookResponse(status: 400, reason: "a delivery has one content type (B1)")
        }
        let origins = message.headers.values(of: WebhookHeader.requestOrigin)
        guard let origin = origins.first else {
            return requiresOrigin ? WebhookResponse(status: 403, reason: "the delivery has no origin (B7)") : nil
        }
        guard origins.count == 1, policy.allows(origin) else {
            return WebhookResponse(status: 403, reason: "the delivery's origin is not allowed (B7)")
        }
        return nil
    }
}
