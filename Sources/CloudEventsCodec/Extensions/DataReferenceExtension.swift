// SPDX-License-Identifier: Apache-2.0

/// The data reference extension (E3), the claim check pattern: where the data is stored.
///
/// The event may have the data too; both are the same then.
public struct DataReferenceExtension: DocumentedExtension {
    /// `data reference`
    public static let title = "data reference"
    /// `E3`
    public static let rule: String? = "E3"
    /// `dataref`
    public static let attributeTypes: KeyValuePairs<AttributeName, AttributeType> = ["dataref": .uriReference]

    /// Where the data is: `dataref`. Not empty.
    public var reference: URIReference

    /// Makes a value.
    public init(reference: URIReference) {
        self.reference = reference
    }

    /// Reads the attribute.
    public init(_ reader: ExtensionReader) throws(CloudEventError) {
        reference = try reader.required("dataref", reader.uriReference("dataref"))
        guard !reference.isEmpty else {
            throw reader.invalid("dataref", "the reference is empty; it refers to nothing")
        }
    }

    /// The attribute to set.
    public var attributes: ExtensionAttributes { ["dataref": .uriReference(reference)] }
}

extension CloudEvent {
    /// The data reference extension (E3); `nil` where it is not used, an error where it is used wrongly.
    public var dataReference: DataReferenceExtension? {
        get throws(CloudEventError) { try readExtension() }
    }
}
