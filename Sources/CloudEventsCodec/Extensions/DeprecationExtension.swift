// SPDX-License-Identifier: Apache-2.0

/// The deprecation extension (E9): that events of this type will end, and what replaces them.
///
/// An event that uses it has `deprecated` set to true.
public struct DeprecationExtension: DocumentedExtension {
    /// `deprecation`
    public static let title = "deprecation"
    /// `E9`
    public static let rule: String? = "E9"
    /// `deprecated`, `deprecationfrom`, `deprecationsunset` and `deprecationmigration`
    public static let attributeTypes: KeyValuePairs<AttributeName, AttributeType> = [
        "deprecated": .boolean, "deprecationfrom": .timestamp, "deprecationsunset": .timestamp,
        "deprecationmigration": .uri,
    ]

    /// Since when the type is deprecated: `deprecationfrom`.
    public var from: Timestamp?

    /// When the type ends: `deprecationsunset`. Not before ``from``.
    public var sunset: Timestamp?

    /// What describes the way to the replacement: `deprecationmigration`.
    public var migration: URI?

    /// Makes a value.
    public init(from: Timestamp? = nil, sunset: Timestamp? = nil, migration: URI? = nil) {
        self.from = from
        self.sunset = sunset
        self.migration = migration
    }

    /// Reads the attributes.
    public init(_ reader: ExtensionReader) throws(CloudEventError) {
        guard try reader.required("deprecated", reader.boolean("deprecated")) else {
            throw reader.invalid("deprecated", "the attribute is false; leave the extension out or set it to true")
        }
        from = try reader.timestamp("deprecationfrom")
        sunset = try reader.timestamp("deprecationsunset")
        migration = try reader.uri("deprecationmigration")
        if let from, let sunset, sunset < from {
            throw reader.invalid("deprecationsunset", "the type ends before it is deprecated; write a later time")
        }
    }

    /// The attributes to set.
    public var attributes: ExtensionAttributes {
        var attributes: ExtensionAttributes = ["deprecated": true]
        attributes["deprecationfrom"] = from.map { .timestamp($0) }
        attributes["deprecationsunset"] = sunset.map { .timestamp($0) }
        attributes["deprecationmigration"] = migration.map { .uri($0) }
        return attributes
    }
}

extension CloudEvent {
    /// The deprecation extension (E9); `nil` where it is not used, an error where it is used wrongly.
    public var deprecation: DeprecationExtension? {
        get throws(CloudEventError) { try readExtension() }
    }
}
