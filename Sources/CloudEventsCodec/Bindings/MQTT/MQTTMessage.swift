// SPDX-License-Identifier: Apache-2.0

/// What of an MQTT 5 PUBLISH packet matters to events: three of its properties and its payload.
public struct MQTTMessage: Sendable, Hashable {
    /// The property Content Type.
    public var contentType: String?

    /// The property Payload Format Indicator: `true` says that the payload is UTF-8 text; `nil` is a packet without it.
    public var isPayloadUTF8: Bool?

    /// The user properties in their order. Names that cannot be attributes' are the application's and passed over.
    public var userProperties: [MessageHeader]

    /// The payload; `nil` and an empty payload are the same.
    public var payload: SharedBytes?

    /// Makes a message.
    ///
    /// - Parameters:
    ///   - contentType: the property Content Type.
    ///   - isPayloadUTF8: the property Payload Format Indicator.
    ///   - userProperties: the user properties in their order.
    ///   - payload: the payload.
    public init(
        contentType: String?,
        isPayloadUTF8: Bool? = nil,
        userProperties: [MessageHeader],
        payload: SharedBytes?
    ) {
        self.contentType = contentType
        self.isPayloadUTF8 = isPayloadUTF8
        self.userProperties = userProperties
        self.payload = payload
    }
}

extension MQTTMessage: CustomStringConvertible {
    /// Numbers only: properties and payload may be confidential.
    public var description: String {
        "MQTT message, \(userProperties.count) user properties, \(payload?.count ?? 0) bytes"
    }
}
