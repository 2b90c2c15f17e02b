// SPDX-License-Identifier: Apache-2.0

/// The MQTT binding for version 3.1.1 (Q1), whose packets have no properties: the payload is always one event in JSON.
public struct MQTT3Binding: Sendable {
    /// The format of the payload.
    public var format: JSONEventFormat

    /// Makes a binding.
    ///
    /// - Parameters:
    ///   - limits: how much is read before a message is refused.
    ///   - extensionTypes: the types of extension attributes that are known beforehand.
    public init(limits: CodecLimits = CodecLimits(), extensionTypes: [AttributeName: AttributeType] = [:]) {
        format = JSONEventFormat(limits: limits, extensionTypes: extensionTypes)
    }

    /// Reads the event of a payload, whose buffer the event shares.
    ///
    /// - Throws: as ``JSONEventFormat/decode(_:)-(SharedBytes)``.
    public func decode(_ payload: SharedBytes) throws(CloudEventError) -> CloudEvent {
        try format.decode(payload)
    }

    /// Writes an event as a payload.
    ///
    /// - Throws: as ``JSONEventFormat/encode(_:)``.
    public func encode(_ event: CloudEvent) throws(CloudEventError) -> SharedBytes {
        try format.encode(event)
    }
}
