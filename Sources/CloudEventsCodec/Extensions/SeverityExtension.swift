// SPDX-License-Identifier: Apache-2.0

/// The severity extension (E5): how serious an event is, as a number and as the source's own word.
public struct SeverityExtension: DocumentedExtension {
    /// `severity`
    public static let title = "severity"
    /// `E5`
    public static let rule: String? = "E5"
    /// `severitynumber` and `severitytext`
    public static let attributeTypes: KeyValuePairs<AttributeName, AttributeType> = [
        "severitynumber": .integer, "severitytext": .string,
    ]

    /// How serious, a higher number being worse, as OpenTelemetry numbers it: `severitynumber`. Not negative.
    public var number: Int32

    /// The source's own word: `severitytext`. Not empty; upper case is recommended.
    public var text: String?

    /// Makes a value.
    public init(number: Int32, text: String? = nil) {
        self.number = number
        self.text = text
    }

    /// Reads the attributes.
    public init(_ reader: ExtensionReader) throws(CloudEventError) {
        number = try reader.required("severitynumber", reader.integer("severitynumber"))
        guard number >= 0 else {
            throw reader.invalid("severitynumber", "the number is negative; write 0 or more")
        }
        text = try reader.nonEmptyString("severitytext")
    }

    /// The attributes to set.
    public var attributes: ExtensionAttributes {
        var attributes: ExtensionAttributes = ["severitynumber": .integer(number)]
        attributes["severitytext"] = text.map { .string($0) }
        return attributes
    }

    /// The source's word, or else the number's short name in OpenTelemetry, such as `INFO` for 9 or `WARN2` for 14;
    /// `nil` where it has none.
    public var displayText: String? {
        if let text { return text }
        guard (1...24).contains(number) else { return nil }
        let step = Int(number - 1)
        return ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"][step / 4] + (step % 4 == 0 ? "" : "\(step % 4 + 1)")
    }
}

extension CloudEvent {
    /// The severity extension (E5); `nil` where it is not used, an error where it is used wrongly.
    public var severity: SeverityExtension? {
        get throws(CloudEventError) { try readExtension() }
    }
}
