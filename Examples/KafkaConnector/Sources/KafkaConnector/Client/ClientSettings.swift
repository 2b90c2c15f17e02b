// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// Where a cluster is, and how librdkafka talks to it.
public struct ClientSettings: Sendable, Hashable {
    /// The brokers that are asked for the others, as `host:port`.
    public var brokers: [String]
    /// Properties of librdkafka by name, as its `CONFIGURATION.md` lists them: TLS, SASL, buffers, time limits. Their values
    /// never show.
    public var properties: [String: Secret]

    /// A cluster and the properties that differ from librdkafka's defaults.
    public init(brokers: [String], properties: [String: Secret] = [:]) {
        self.brokers = brokers
        self.properties = properties
    }
}
