// SPDX-License-Identifier: Apache-2.0

/// One header of a Kafka record: a name, and bytes or null.
public struct KafkaHeader: Sendable, Hashable {
    /// The header's name; its case counts.
    public var key: String

    /// The header's value; `nil` is null.
    public var value: SharedBytes?

    /// Makes a header.
    ///
    /// - Parameters:
    ///   - key: the header's name.
    ///   - value: the header's value.
    public init(key: String, value: SharedBytes?) {
        self.key = key
        self.value = value
    }

    /// Makes a header whose value is text in UTF-8.
    ///
    /// - Parameters:
    ///   - key: the header's name.
    ///   - text: the header's value.
    public init(_ key: String, _ text: String) {
        self.init(key: key, value: SharedBytes(utf8: text))
    }
}

extension KafkaHeader: CustomStringConvertible {
    /// The name only: values may be confidential.
    public var description: String { AttributeName.printable(key) }
}
