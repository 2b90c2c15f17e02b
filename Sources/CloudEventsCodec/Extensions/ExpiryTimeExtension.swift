// SPDX-License-Identifier: Apache-2.0

/// The expiry time extension (E8): from when on the event is of no use.
///
/// Who passes the event on may change the time but does not remove it.
public struct ExpiryTimeExtension: DocumentedExtension {
    /// `expiry time`
    public static let title = "expiry time"
    /// `E8`
    public static let rule: String? = "E8"
    /// `expirytime`
    public static let attributeTypes: KeyValuePairs<AttributeName, AttributeType> = ["expirytime": .timestamp]

    /// From when on the event is of no use: `expirytime`.
    public var time: Timestamp

    /// Makes a value.
    public init(time: Timestamp) {
        self.time = time
    }

    /// Reads the attribute.
    public init(_ reader: ExtensionReader) throws(CloudEventError) {
        time = try reader.required("expirytime", reader.timestamp("expirytime"))
    }

    /// Whether the event is of no use any more at some time: when that time is reached.
    public func isExpired(at now: Timestamp) -> Bool { time <= now }

    /// The attribute to set.
    public var attributes: ExtensionAttributes { ["expirytime": .timestamp(time)] }
}

extension CloudEvent {
    /// The expiry time extension (E8); `nil` where it is not used, an error where it is used wrongly.
    public var expiryTime: ExpiryTimeExtension? {
        get throws(CloudEventError) { try readExtension() }
    }

    /// Whether the event may be dropped because its time is over (E8); `false` where it has no `expirytime`.
    ///
    /// - Throws: ``CloudEventError`` where `expirytime` is no timestamp.
    public func isExpired(at now: Timestamp) throws(CloudEventError) -> Bool {
        try expiryTime?.isExpired(at: now) ?? false
    }
}
