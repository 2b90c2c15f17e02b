// SPDX-License-Identifier: Apache-2.0

/// The sequence extension (E4): the order of the events of one source.
public struct SequenceExtension: DocumentedExtension {
    /// `sequence`
    public static let title = "sequence"
    /// `E4`
    public static let rule: String? = "E4"
    /// `sequence`
    public static let attributeTypes: KeyValuePairs<AttributeName, AttributeType> = ["sequence": .string]

    /// The place in the order of the source's events: `sequence`. Not empty; compared by code points.
    public var value: String

    /// Makes a value.
    public init(value: String) {
        self.value = value
    }

    /// Reads the attribute.
    public init(_ reader: ExtensionReader) throws(CloudEventError) {
        value = try reader.required("sequence", reader.nonEmptyString("sequence"))
    }

    /// The attribute to set.
    public var attributes: ExtensionAttributes { ["sequence": .string(value)] }
}

extension SequenceExtension: Comparable {
    /// Orders by the characters' code points (E4): `9` is behind `10`, so numbers are written with leading zeros.
    public static func < (left: SequenceExtension, right: SequenceExtension) -> Bool {
        left.value.unicodeScalars.lexicographicallyPrecedes(right.value.unicodeScalars)
    }

    /// Whether both have the same code points.
    public static func == (left: SequenceExtension, right: SequenceExtension) -> Bool {
        left.value.unicodeScalars.elementsEqual(right.value.unicodeScalars)
    }
}

extension CloudEvent {
    /// The sequence extension (E4); `nil` where it is not used, an error where it is used wrongly.
    public var sequence: SequenceExtension? {
        get throws(CloudEventError) { try readExtension() }
    }
}
