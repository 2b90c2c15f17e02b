// SPDX-License-Identifier: Apache-2.0

/// Where the key of a Kafka record comes from (K3). A mapper reads the event and never changes it.
public struct KafkaKeyMapper: Sendable {
    let key: @Sendable (CloudEvent) -> SharedBytes?

    /// The caller alone gives the key. The default.
    public static let callersKey = KafkaKeyMapper { _ in nil }

    /// The key is the extension attribute `partitionkey` in UTF-8, which stays in the event; where it is not set or
    /// empty (E2), the key is the caller's.
    public static let partitionKey = KafkaKeyMapper { event in
        guard let text = event["partitionkey"]?.canonicalString, !text.isEmpty else { return nil }
        return SharedBytes(utf8: text)
    }

    /// The key is what a closure makes of the event; where that is `nil`, the key is the caller's.
    ///
    /// - Parameter key: makes the key; called once for each event that is written.
    public static func custom(_ key: @escaping @Sendable (CloudEvent) -> SharedBytes?) -> KafkaKeyMapper {
        KafkaKeyMapper(key: key)
    }
}
