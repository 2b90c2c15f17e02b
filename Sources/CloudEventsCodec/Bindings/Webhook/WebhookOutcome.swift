// SPDX-License-Identifier: Apache-2.0

/// What a target's answer to a delivery means for the sender (B2).
public struct WebhookOutcome: Sendable, Hashable {
    /// The kinds of outcomes. More may be added: give every `switch` a `default`.
    public struct Kind: Hashable, Sendable, CustomStringConvertible {
        /// The kind's name.
        public let description: String

        /// The delivery was accepted and processed: 200, 201, 204 and the other successes.
        public static let delivered = Kind(description: "delivered")
        /// The delivery was accepted; whether it was processed is not known: 202.
        public static let accepted = Kind(description: "accepted")
        /// The target sent elsewhere, which it must not do and the sender must not follow: 3xx.
        public static let redirected = Kind(description: "redirected")
        /// The target is retired: 410. Send nothing more.
        public static let retired = Kind(description: "retired")
        /// The target does not know the format of the delivery: 415. The same delivery will not be taken later either.
        public static let unsupportedFormat = Kind(description: "unsupportedFormat")
        /// The sender exceeded its rate: 429. Wait as ``WebhookOutcome/retryAfter`` says.
        public static let throttled = Kind(description: "throttled")
        /// The target refused the delivery for another reason: 4xx.
        public static let refused = Kind(description: "refused")
        /// The target, or what is on the way to it, failed: 5xx, and what is no status of an answer.
        public static let failed = Kind(description: "failed")
    }

    /// What the answer means.
    public let kind: Kind

    /// The HTTP status code.
    public let status: Int

    /// Until when no further request may be sent, if the answer says so.
    public let retryAfter: RetryAfter?

    /// Whether the target has the delivery: it was delivered or accepted.
    public var isSuccess: Bool { kind == .delivered || kind == .accepted }

    /// Whether the same delivery can succeed later: the target throttled or failed, or the request timed out there.
    public var mayBeRetried: Bool { kind == .throttled || kind == .failed || status == 408 || status == 425 }

    /// Reads an answer.
    ///
    /// - Parameters:
    ///   - status: the HTTP status code.
    ///   - headers: the headers of the response. A `Retry-After` that is there twice or in no form of HTTP is passed
    ///     over.
    public init(status: Int, headers: [MessageHeader]) {
        self.status = status
        let values = headers.values(of: "retry-after")
        retryAfter = values.count == 1 ? RetryAfter(values[0]) : nil
        kind =
            switch status {
            case 202: .accepted
            case 200..<300: .delivered
            case 300..<400: .redirected
            case 410: .retired
            case 415: .unsupportedFormat
            case 429: .throttled
            case 400..<500: .refused
            default: .failed
            }
    }
}
