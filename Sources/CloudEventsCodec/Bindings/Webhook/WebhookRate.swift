// SPDX-License-Identifier: Apache-2.0

/// How many deliveries a minute a webhook's target permits, or a sender asks for (B4, B5).
public struct WebhookRate: Sendable, Hashable {
    /// Requests per minute, more than 0; `nil` where there is no limit.
    public let requestsPerMinute: Int?

    /// No limit, which is written as `*`.
    public static let unlimited = WebhookRate(unchecked: nil)

    private init(unchecked requests: Int?) {
        requestsPerMinute = requests
    }

    /// Makes a rate.
    ///
    /// - Parameter requests: requests per minute, more than 0.
    /// - Throws: ``CloudEventError`` with ``CloudEventError/Code/invalidValue`` for any other number (B4).
    public init(requestsPerMinute requests: Int) throws(CloudEventError) {
        guard requests > 0 else { throw Self.invalid }
        self.init(unchecked: requests)
    }

    /// Reads a header's value: decimal digits without a leading zero, or `*` where that is allowed.
    init(header text: String, allowsUnlimited: Bool) throws(CloudEventError) {
        if allowsUnlimited, text == "*" {
            self = .unlimited
            return
        }
        guard let first = text.utf8.first, first != UInt8(ascii: "0"), text.utf8.allSatisfy(URISyntax.isDigit),
            let number = Int(text)
        else { throw Self.invalid }
        try self.init(requestsPerMinute: number)
    }

    /// The rate as a header's value.
    public var headerValue: String { requestsPerMinute.map { String($0) } ?? "*" }

    private static var invalid: CloudEventError {
        CloudEventError(.invalidValue, "a rate is a whole number of requests per minute, more than 0", rule: "B4")
    }
}

extension WebhookRate: CustomStringConvertible {
    /// The rate as a header's value.
    public var description: String { headerValue }
}
