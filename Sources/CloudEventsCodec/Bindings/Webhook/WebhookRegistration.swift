// SPDX-License-Identifier: Apache-2.0

/// The handshake of webhooks from the sender's side (B4 to B7): what it asks a target, and what the answer means.
public struct WebhookRegistration: Sendable, Hashable {
    /// The DNS name of the sending system, one for all its hosts.
    public let origin: String

    /// Where the target can grant permission later: an HTTPS URL with a secret in it.
    public let callback: URI?

    /// The rate to ask for.
    public let rate: WebhookRate?

    /// Makes a registration.
    ///
    /// - Parameters:
    ///   - origin: the DNS name of the sending system.
    ///   - callback: where the target can grant permission later, an HTTPS URL.
    ///   - rate: the rate to ask for.
    /// - Throws: ``CloudEventError`` with ``CloudEventError/Code/invalidValue`` where the origin cannot be a DNS name,
    ///   the callback is no HTTPS URL or the rate is unlimited, which nobody can ask for (B4).
    public init(origin: String, callback: URI? = nil, rate: WebhookRate? = nil) throws(CloudEventError) {
        guard !origin.isEmpty, origin.utf8.count <= 253, origin.utf8.allSatisfy(Self.isNameByte) else {
            throw CloudEventError(
                .invalidValue,
                "the origin is a DNS name, such as events.example.com",
                attribute: WebhookHeader.requestOrigin,
                rule: "B4"
            )
        }
        if let callback { _ = try WebhookCallback.url(callback.string) }
        guard rate != .unlimited else {
            throw CloudEventError(
                .invalidValue,
                "a sender asks for a number of requests per minute, or for no rate",
                attribute: WebhookHeader.requestRate,
                rule: "B4"
            )
        }
        self.origin = origin
        self.callback = callback
        self.rate = rate
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        URISyntax.isLetter(byte) || URISyntax.isDigit(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
            || byte == UInt8(ascii: "_")
    }

    /// The headers of the OPTIONS request that asks for permission.
    public var requestHeaders: [MessageHeader] {
        var headers = deliveryHeaders
        if let callback { headers.append(MessageHeader("WebHook-Request-Callback", callback.string)) }
        if let rate { headers.append(MessageHeader("WebHook-Request-Rate", rate.headerValue)) }
        return headers
    }

    /// The headers that every delivery carries besides its event (B7).
    public var deliveryHeaders: [MessageHeader] { [MessageHeader("WebHook-Request-Origin", origin)] }

    /// What the target's answer to the OPTIONS request means. The status does not count (B6).
    ///
    /// - Parameter headers: the headers of the response.
    public func consent(in headers: [MessageHeader]) -> WebhookConsent {
        let origins = headers.values(of: WebhookHeader.allowedOrigin).flatMap { HeaderText.list($0) }
        guard !origins.isEmpty else { return WebhookConsent(denial: .noOrigin) }
        guard origins.contains(where: { $0 == "*" || HeaderText.equal($0, origin) }) else {
            return WebhookConsent(denial: .otherOrigin)
        }
        let rates = headers.values(of: WebhookHeader.allowedRate)
        guard let text = rates.first else {
            return rate == nil ? WebhookConsent(rate: nil) : WebhookConsent(denial: .noRate)
        }
        guard rates.count == 1, let granted = try? WebhookRate(header: text, allowsUnlimited: true) else {
            return WebhookConsent(denial: .invalidRate)
        }
        return WebhookConsent(rate: granted)
    }
}

extension WebhookRegistration: CustomStringConvertible {
    /// Without the callback, which holds a secret.
    public var description: String { "webhook registration of \(origin)" }
}
