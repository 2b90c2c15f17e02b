// SPDX-License-Identifier: Apache-2.0

/// One header of a message whose headers are text: an HTTP or NATS header, a user property of MQTT.
///
/// Names and values are as they are on the wire: percent-encoded where the binding says so.
public struct MessageHeader: Sendable, Hashable {
    /// The header's name.
    public var name: String

    /// The header's value.
    public var value: String

    /// Makes a header.
    ///
    /// - Parameters:
    ///   - name: the header's name.
    ///   - value: the header's value.
    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}
