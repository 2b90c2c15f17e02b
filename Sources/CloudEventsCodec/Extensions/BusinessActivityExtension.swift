// SPDX-License-Identifier: Apache-2.0

/// The business activity monitoring (BAM) extension (E13): the step of a business process that an event belongs to.
public struct BusinessActivityExtension: DocumentedExtension {
    /// `business activity monitoring`
    public static let title = "business activity monitoring"
    /// `E13`
    public static let rule: String? = "E13"
    /// `bamtxid`, `bampid`, `bamptxid`, `bamptxsid`, `bamptxsstatus` and `bamptxcompleted`
    public static let attributeTypes: KeyValuePairs<AttributeName, AttributeType> = [
        "bamtxid": .string, "bampid": .string, "bamptxid": .string, "bamptxsid": .string, "bamptxsstatus": .string,
        "bamptxcompleted": .boolean,
    ]

    /// The transaction that runs: `bamtxid`. Not empty.
    public var transactionID: String

    /// The model of the process: `bampid`. Not empty.
    public var processID: String

    /// The model of the transaction in the process: `bamptxid`. Not empty.
    public var processTransactionID: String

    /// The step of the transaction: `bamptxsid`. Not empty.
    public var stepID: String

    /// How the step stands: `bamptxsstatus`. Not empty.
    public var stepStatus: String?

    /// Whether the transaction is over, which the model does not tell: `bamptxcompleted`.
    public var isCompleted: Bool?

    /// Makes a value.
    public init(
        transactionID: String,
        processID: String,
        processTransactionID: String,
        stepID: String,
        stepStatus: String? = nil,
        isCompleted: Bool? = nil
    ) {
        self.transactionID = transactionID
        self.processID = processID
        self.processTransactionID = processTransactionID
        self.stepID = stepID
        self.stepStatus = stepStatus
        self.isCompleted = isCompleted
    }

    /// Reads the attributes.
    public init(_ reader: ExtensionReader) throws(CloudEventError) {
        transactionID = try reader.required("bamtxid", reader.nonEmptyString("bamtxid"))
        processID = try reader.required("bampid", reader.nonEmptyString("bampid"))
        processTransactionID = try reader.required("bamptxid", reader.nonEmptyString("bamptxid"))
        stepID = try reader.required("bamptxsid", reader.nonEmptyString("bamptxsid"))
        stepStatus = try reader.nonEmptyString("bamptxsstatus")
        isCompleted = try reader.boolean("bamptxcompleted")
    }

    /// The attributes to set.
    public var attributes: ExtensionAttributes {
        var attributes: ExtensionAttributes = [
            "bamtxid": .string(transactionID), "bampid": .string(processID),
            "bamptxid": .string(processTransactionID), "bamptxsid": .string(stepID),
        ]
        attributes["bamptxsstatus"] = stepStatus.map { .string($0) }
        attributes["bamptxcompleted"] = isCompleted.map { .boolean($0) }
        return attributes
    }
}

extension CloudEvent {
    /// The business activity monitoring extension (E13); `nil` where it is not used, an error where it is used wrongly.
    public var businessActivity: BusinessActivityExtension? {
        get throws(CloudEventError) { try readExtension() }
    }
}
