// SPDX-License-Identifier: Apache-2.0

/// What a webhook's target answers: a status and headers, for whatever library speaks HTTP.
public struct WebhookResponse: Sendable, Hashable {
    /// The HTTP status code.
    public var status: Int

    /// The headers.
    public var headers: [MessageHeader]

    /// Why the request was refused, for the target's log; without values of the request.
    public var reason: String?

    /// Makes a response.
    ///
    /// - Parameters:
    ///   - status: the HTTP status code.
    ///   - headers: the headers.
    ///   - reason: why the request was refused.
    public init(status: Int, headers: [MessageHeader] = [], reason: String? = nil) {
        self.status = status
        self.headers = headers
        self.reason = reason
    }
}

extension WebhookResponse {
    /// The delivery was processed (B2): `204 No Content`.
    public static let processed = WebhookResponse(status: 204)

    /// The delivery was accepted and is not processed yet (B2): `202 Accepted`.
    public static let accepted = WebhookResponse(status: 202)

    /// The target is retired and takes no more deliveries (B2): `410 Gone`.
    public static let retired = WebhookResponse(status: 410, reason: "the target is retired")

    /// The sender exceeded its rate (B2): `429 Too Many Requests`.
    ///
    /// - Parameter seconds: when the sender may try again, in seconds from now; less than 0 counts as 0.
    public static func throttled(retryAfterSeconds seconds: Int) -> WebhookResponse {
        WebhookResponse(
            status: 429,
            headers: [MessageHeader("Retry-After", String(max(0, seconds)))],
            reason: "the sender exceeded its rate"
        )
    }

    /// The answer of a resource that does not do the handshake to an OPTIONS request (B6): `405 Method Not Allowed`.
    ///
    /// - Parameter methods: the methods that the resource has.
    public static func optionsNotSupported(methods: [String] = ["POST"]) -> WebhookResponse {
        WebhookResponse(
            status: 405,
            headers: [WebhookPolicy(allowedOrigins: [], methods: methods).allowHeader],
            reason: "OPTIONS is not supported"
        )
    }

    /// The answer to a delivery whose event could not be read (B2): 415 for a format that is not known, 413 for one
    /// that is too large, 400 for every other error.
    ///
    /// - Parameter error: what decoding said.
    public init(refusing error: CloudEventError) {
        switch error.code {
        case .unsupportedFormat: self.init(status: 415, reason: error.description)
        case .limitExceeded: self.init(status: 413, reason: error.description)
        default: self.init(status: 400, reason: error.description)
        }
    }
}
