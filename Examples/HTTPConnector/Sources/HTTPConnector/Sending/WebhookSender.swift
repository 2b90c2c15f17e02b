// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
public import OpenConnect

/// A sink as the sender of a webhook: the target is asked for its consent before anything is delivered.
public struct WebhookSender: Sendable, Hashable {
    let registration: WebhookRegistration

    /// The DNS name of the sending system.
    public var origin: String { registration.origin }

    /// The handshake of a sender.
    ///
    /// - Parameters:
    ///   - origin: the DNS name of the sending system, one for all its hosts.
    ///   - rate: how many requests a minute to ask for; `nil` to ask for none in particular.
    /// - Throws: ``/OpenConnect/ConnectorError`` with the code `invalidConfiguration` for an origin that is no DNS
    ///   name, and a rate below 1.
    public init(origin: String, rate: Int? = nil) throws {
        do {
            let rate = try rate.map { try WebhookRate(requestsPerMinute: $0) }
            registration = try WebhookRegistration(origin: origin, rate: rate)
        } catch let error as CloudEventError {
            throw ConnectorError(.invalidConfiguration, "the webhook cannot be registered: \(error.message)")
        }
    }
}

extension WebhookSender: SettingStructure {
    private static let origin = Setting<String>("origin", "The DNS name of the sending system.")
    private static let rate = Setting<Int?>("rate", "How many requests a minute to ask for.").range(1...)

    /// Who sends, and how much.
    public static var settings: SettingGroup { SettingGroup(origin, rate) }

    /// The configured handshake.
    public init(_ values: SettingValues) throws {
        do {
            try self.init(origin: values[Self.origin], rate: values[Self.rate])
        } catch let error as ConnectorError {
            throw values.problem(Self.origin, error.message)
        }
    }
}
