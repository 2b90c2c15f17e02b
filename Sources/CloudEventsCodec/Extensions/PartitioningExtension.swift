// SPDX-License-Identifier: Apache-2.0

/// The partitioning extension (E2): which events belong together where they are distributed over partitions.
public struct PartitioningExtension: DocumentedExtension {
    /// `partitioning`
    public static let title = "partitioning"
    /// `E2`
    public static let rule: String? = "E2"
    /// `partitionkey`
    public static let attributeTypes: KeyValuePairs<AttributeName, AttributeType> = ["partitionkey": .string]

    /// What events are distributed by: `partitionkey`. Not empty.
    public var key: String

    /// Makes a value.
    public init(key: String) {
        self.key = key
    }

    /// Reads the attribute.
    public init(_ reader: ExtensionReader) throws(CloudEventError) {
        key = try reader.required("partitionkey", reader.nonEmptyString("partitionkey"))
    }

    /// The attribute to set.
    public var attributes: ExtensionAttributes { ["partitionkey": .string(key)] }
}

extension CloudEvent {
    /// The partitioning extension (E2); `nil` where it is not used, an error where it is used wrongly.
    public var partitioning: PartitioningExtension? {
        get throws(CloudEventError) { try readExtension() }
    }
}
