// SPDX-License-Identifier: Apache-2.0

/// Whose deliveries a webhook's target takes, and how many.
public struct WebhookPolicy: Sendable, Hashable {
    /// The origins whose deliveries are taken, DNS names whose case does not count; `nil` takes those of every origin.
    public var allowedOrigins: [String]?

    /// How many deliveries a minute are permitted.
    public var rate: WebhookRate

    /// The methods that the resource has, for the header `Allow`; deliveries are always `POST` (B1).
    public var methods: [String]

    /// Makes a policy.
    ///
    /// - Parameters:
    ///   - allowedOrigins: the origins whose deliveries are taken; `nil` takes those of every origin.
    ///   - rate: how many deliveries a minute are permitted.
    ///   - methods: the methods that the resource has.
    public init(allowedOrigins: [String]?, rate: WebhookRate = .unlimited, methods: [String] = ["POST"]) {
        self.allowedOrigins = allowedOrigins
        self.rate = rate
        self.methods = methods
    }

    /// Whether deliveries of an origin are taken.
    func allows(_ origin: String) -> Bool {
        guard let allowedOrigins else { return true }
        return allowedOrigins.contains { HeaderText.equal($0, origin) }
    }

    var allowHeader: MessageHeader { MessageHeader("Allow", methods.joined(separator: ", ")) }
}
