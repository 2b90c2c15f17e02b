// SPDX-License-Identifier: Apache-2.0

/// Whether a sender may deliver to a target, as the target's answer says.
public struct WebhookConsent: Sendable, Hashable {
    /// Why there is no consent. More reasons may be added: give every `switch` a `default`.
    public struct Denial: Hashable, Sendable, CustomStringConvertible {
        /// The reason's name.
        public let description: String

        /// The answer names no origin, so the target does not agree, whatever the status is (B6).
        public static let noOrigin = Denial(description: "noOrigin")
        /// The answer names other origins only (B5).
        public static let otherOrigin = Denial(description: "otherOrigin")
        /// A rate was asked for, and the answer has none (B5).
        public static let noRate = Denial(description: "noRate")
        /// The answer's rate is neither a number more than 0 nor `*` (B5).
        public static let invalidRate = Denial(description: "invalidRate")
        /// A callback was called with another method than GET and POST (B8).
        public static let wrongMethod = Denial(description: "wrongMethod")
    }

    /// Why there is no consent; `nil` where there is.
    public let denial: Denial?

    /// How many deliveries a minute are permitted; `nil` where the target said nothing of it.
    public let rate: WebhookRate?

    /// Whether the sender may deliver.
    public var isGranted: Bool { denial == nil }

    init(denial: Denial) {
        self.denial = denial
        rate = nil
    }

    init(rate: WebhookRate?) {
        denial = nil
        self.rate = rate
    }
}
