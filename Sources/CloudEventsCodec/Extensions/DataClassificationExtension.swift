// SPDX-License-Identifier: Apache-2.0

/// The data classification extension (E14): how confidential the data is, and which regulations apply to it.
public struct DataClassificationExtension: DocumentedExtension {
    /// `data classification`
    public static let title = "data classification"
    /// `E14`
    public static let rule: String? = "E14"
    /// `dataclassification`, `dataregulation` and `datacategory`
    public static let attributeTypes: KeyValuePairs<AttributeName, AttributeType> = [
        "dataclassification": .string, "dataregulation": .string, "datacategory": .string,
    ]

    /// How confidential the data is, such as `public`, `internal`, `confidential` or `restricted`:
    /// `dataclassification`. Not empty.
    public var classification: String

    /// The regulations that apply, such as `GDPR` and `HIPAA`: `dataregulation`, a list with commas. No spaces and
    /// commas in a name.
    public var regulations: [String]

    /// What the data is in the terms of the regulations, such as `special-category`: `datacategory`. Not empty.
    public var category: String?

    /// Makes a value.
    public init(classification: String, regulations: [String] = [], category: String? = nil) {
        self.classification = classification
        self.regulations = regulations
        self.category = category
    }

    /// Reads the attributes; spaces around the names of regulations do not count.
    public init(_ reader: ExtensionReader) throws(CloudEventError) {
        classification = try reader.required("dataclassification", reader.nonEmptyString("dataclassification"))
        regulations = []
        if let list = try reader.nonEmptyString("dataregulation") {
            for entry in list.split(separator: ",", omittingEmptySubsequences: false) {
                let words = entry.split(separator: " ")
                guard words.count == 1 else {
                    throw reader.invalid(
                        "dataregulation",
                        "the list has an entry that is empty or has spaces within; write names with commas between"
                    )
                }
                regulations.append(String(words[0]))
            }
        }
        category = try reader.nonEmptyString("datacategory")
    }

    /// The attributes to set.
    public var attributes: ExtensionAttributes {
        var attributes: ExtensionAttributes = ["dataclassification": .string(classification)]
        if !regulations.isEmpty { attributes["dataregulation"] = .string(regulations.joined(separator: ",")) }
        attributes["datacategory"] = category.map { .string($0) }
        return attributes
    }
}

extension CloudEvent {
    /// The data classification extension (E14); `nil` where it is not used, an error where it is used wrongly.
    public var dataClassification: DataClassificationExtension? {
        get throws(CloudEventError) { try readExtension() }
    }
}
