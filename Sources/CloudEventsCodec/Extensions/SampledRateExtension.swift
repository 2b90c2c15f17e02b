// SPDX-License-Identifier: Apache-2.0

/// The sampled rate extension (E6): how many similar events this one stands for.
public struct SampledRateExtension: DocumentedExtension {
    /// `sampled rate`
    public static let title = "sampled rate"
    /// `E6`
    public static let rule: String? = "E6"
    /// `sampledrate`
    public static let attributeTypes: KeyValuePairs<AttributeName, AttributeType> = ["sampledrate": .integer]

    /// How many events this one stands for, itself included: `sampledrate`. At least 1.
    public var rate: Int32

    /// Makes a value.
    public init(rate: Int32) {
        self.rate = rate
    }

    /// Reads the attribute.
    public init(_ reader: ExtensionReader) throws(CloudEventError) {
        rate = try reader.required("sampledrate", reader.integer("sampledrate"))
        guard rate > 0 else {
            throw reader.invalid("sampledrate", "the rate is not greater than zero; write 1 or more")
        }
    }

    /// The attribute to set.
    public var attributes: ExtensionAttributes { ["sampledrate": .integer(rate)] }
}

extension CloudEvent {
    /// The sampled rate extension (E6); `nil` where it is not used, an error where it is used wrongly.
    public var sampledRate: SampledRateExtension? {
        get throws(CloudEventError) { try readExtension() }
    }
}
