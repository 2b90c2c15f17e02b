// SPDX-License-Identifier: Apache-2.0

/// The recorded time extension (E7): when the event was recorded, which is not when it happened.
///
/// It is not changed on the way.
public struct RecordedTimeExtension: DocumentedExtension {
    /// `recorded time`
    public static let title = "recorded time"
    /// `E7`
    public static let rule: String? = "E7"
    /// `recordedtime`
    public static let attributeTypes: KeyValuePairs<AttributeName, AttributeType> = ["recordedtime": .timestamp]

    /// When the event was recorded: `recordedtime`.
    public var time: Timestamp

    /// Makes a value.
    public init(time: Timestamp) {
        self.time = time
    }

    /// Reads the attribute.
    public init(_ reader: ExtensionReader) throws(CloudEventError) {
        time = try reader.required("recordedtime", reader.timestamp("recordedtime"))
    }

    /// The attribute to set.
    public var attributes: ExtensionAttributes { ["recordedtime": .timestamp(time)] }
}

extension CloudEvent {
    /// The recorded time extension (E7); `nil` where it is not used, an error where it is used wrongly.
    public var recordedTime: RecordedTimeExtension? {
        get throws(CloudEventError) { try readExtension() }
    }
}
