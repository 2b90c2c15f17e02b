// SPDX-License-Identifier: Apache-2.0

/// The correlation extension (E10): the flow that an event belongs to, and the event that caused it.
public struct CorrelationExtension: DocumentedExtension {
    /// `correlation`
    public static let title = "correlation"
    /// `E10`
    public static let rule: String? = "E10"
    /// `correlationid` and `causationid`
    public static let attributeTypes: KeyValuePairs<AttributeName, AttributeType> = [
        "correlationid": .string, "causationid": .string,
    ]

    /// The same for all events of one flow: `correlationid`. Not empty.
    public var correlationID: String?

    /// The `id` of the event that caused this one: `causationid`. Not empty.
    public var causationID: String?

    /// Makes a value.
    public init(correlationID: String? = nil, causationID: String? = nil) {
        self.correlationID = correlationID
        self.causationID = causationID
    }

    /// Reads the attributes.
    public init(_ reader: ExtensionReader) throws(CloudEventError) {
        correlationID = try reader.nonEmptyString("correlationid")
        causationID = try reader.nonEmptyString("causationid")
    }

    /// The attributes to set.
    public var attributes: ExtensionAttributes {
        var attributes = ExtensionAttributes()
        attributes["correlationid"] = correlationID.map { .string($0) }
        attributes["causationid"] = causationID.map { .string($0) }
        return attributes
    }
}

extension CloudEvent {
    /// The correlation extension (E10); `nil` where it is not used, an error where it is used wrongly.
    public var correlation: CorrelationExtension? {
        get throws(CloudEventError) { try readExtension() }
    }
}
