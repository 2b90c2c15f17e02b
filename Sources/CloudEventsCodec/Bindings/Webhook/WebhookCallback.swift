// SPDX-License-Identifier: Apache-2.0

/// Permission that is granted later, by a request to a URL that the sender gave (B4, B8).
public enum WebhookCallback: Sendable {
    /// Checks a callback's URL: an absolute HTTPS URL with a host.
    ///
    /// - Throws: ``CloudEventError`` with ``CloudEventError/Code/invalidValue`` where it is none (B4).
    public static func url(_ text: String) throws(CloudEventError) -> URI {
        guard let uri = try? URI(text), HeaderText.hasPrefix(uri.string, "https://"),
            let next = uri.string.utf8.dropFirst(8).first, !"/?:@".utf8.contains(next)
        else {
            throw CloudEventError(
                .invalidValue,
                "a callback is an absolute HTTPS URL",
                attribute: WebhookHeader.requestCallback,
                rule: "B4"
            )
        }
        return uri
    }

    /// The headers with which a target calls the URL, with GET or POST, to grant permission.
    ///
    /// - Parameter rate: how many deliveries a minute are permitted.
    public static func grant(rate: WebhookRate) -> [MessageHeader] {
        [MessageHeader("WebHook-Allowed-Rate", rate.headerValue)]
    }

    /// What a call of the sender's callback URL grants. The sender has checked that the URL, with its secret, is one
    /// that it gave.
    ///
    /// - Parameters:
    ///   - method: the request's method; GET and POST grant, so that a browser can do it (B8).
    ///   - headers: the request's headers; without a rate there is no known one.
    public static func consent(method: String, headers: [MessageHeader]) -> WebhookConsent {
        guard method == "GET" || method == "POST" else { return WebhookConsent(denial: .wrongMethod) }
        let rates = headers.values(of: WebhookHeader.allowedRate)
        guard let text = rates.first else { return WebhookConsent(rate: nil) }
        guard rates.count == 1, let rate = try? WebhookRate(header: text, allowsUnlimited: true) else {
            return WebhookConsent(denial: .invalidRate)
        }
        return WebhookConsent(rate: rate)
    }
}
