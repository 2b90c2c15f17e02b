// SPDX-License-Identifier: Apache-2.0

/// What of a Kafka record matters to events: key, value and headers.
public struct KafkaMessage: Sendable, Hashable {
    /// The record's key.
    public var key: SharedBytes?

    /// The record's value; `nil` is the null value of a tombstone, and not the same as an empty value (K2).
    public var value: SharedBytes?

    /// The headers in their order. Those that are no part of an event are passed over.
    public var headers: [KafkaHeader]

    /// Makes a message.
    ///
    /// - Parameters:
    ///   - key: the record's key.
    ///   - value: the record's value; `nil` is null.
    ///   - headers: the headers in their order.
    public init(key: SharedBytes? = nil, value: SharedBytes?, headers: [KafkaHeader]) {
        self.key = key
        self.value = value
        self.headers = headers
    }
}

extension KafkaMessage: CustomStringConvertible {
    /// Numbers only: key, value and headers may be confidential.
    public var description: String { "Kafka message, \(headers.count) headers, \(value?.count ?? 0) bytes" }
}
