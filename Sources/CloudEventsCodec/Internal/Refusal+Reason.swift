// SPDX-License-Identifier: Apache-2.0

extension Refusal {
    /// What was wrong.
    enum Reason: UInt8 {
        // The text is not JSON.
        case noValue, noDigit, noMemberName, noColon, noObjectEnd, noArrayEnd, textGoesOn
        case stringEnds, controlCharacter, invalidUTF8, badUnicodeEscape, halfSurrogate, unknownEscape
        // A limit is exceeded.
        case tooDeep, tooManyAttributes, tooManyEvents, eventTooLarge
        // The text is no event.
        case notObject, notBatch, duplicateMember, notString, nestedAttribute, wrongDeclaredType
        case dataBesideBase64, dataNotString, invalidBase64
        // An attribute is not valid.
        case missing, empty, invalidName, unsupportedVersion
        case invalidBoolean, invalidInteger, invalidString, invalidBinary, invalidURI, invalidReference,
            invalidTimestamp
        case invalidMediaType
    }
}

extension Refusal.Reason {
    /// The reason that a text is not one of a type.
    init(notOf type: AttributeType) {
        switch type {
        case .boolean: self = .invalidBoolean
        case .integer: self = .invalidInteger
        case .string: self = .invalidString
        case .binary: self = .invalidBinary
        case .uri: self = .invalidURI
        case .uriReference: self = .invalidReference
        case .timestamp: self = .invalidTimestamp
        }
    }

    func error(_ limits: CodecLimits, _ subject: Refusal.Subject) -> CloudEventError {
        switch self {
        case .noValue, .noDigit, .noMemberName, .noColon, .noObjectEnd, .noArrayEnd, .textGoesOn, .stringEnds,
            .controlCharacter, .invalidUTF8, .badUnicodeEscape, .halfSurrogate, .unknownEscape:
            CloudEventError(.malformed, syntaxMessage)
        case .tooDeep, .tooManyAttributes, .tooManyEvents, .eventTooLarge:
            CloudEventError(.limitExceeded, limitMessage(limits))
        case .notObject, .notBatch, .duplicateMember, .notString, .nestedAttribute, .wrongDeclaredType,
            .dataBesideBase64, .dataNotString, .invalidBase64:
            eventError
        default:
            attributeError(subject)
        }
    }

    private var syntaxMessage: String {
        switch self {
        case .noDigit: "the text is not JSON here; expected is a digit"
        case .noMemberName: "the text is not JSON here; expected is a member's name in quotation marks"
        case .noColon: "the text is not JSON here; expected is a colon"
        case .noObjectEnd: "the text is not JSON here; expected is a comma or the end of the object"
        case .noArrayEnd: "the text is not JSON here; expected is a comma or the end of the array"
        case .textGoesOn: "the text is not JSON here; expected is the end of the text"
        case .stringEnds: "the text ends within a string"
        case .controlCharacter: "a control character in a string; write it as \\u00XX"
        case .invalidUTF8: "a string is not valid UTF-8"
        case .badUnicodeEscape: "an escape \\u needs four hexadecimal digits"
        case .halfSurrogate: "an escape stands for half a surrogate pair; write both halves"
        case .unknownEscape: "an unknown escape in a string"
        default: "the text is not JSON here; expected is a value"
        }
    }

    private func limitMessage(_ limits: CodecLimits) -> String {
        switch self {
        case .tooDeep: "objects and arrays are nested deeper than the limit of \(limits.nestingDepth)"
        case .tooManyAttributes: "the event has more attributes than the limit of \(limits.attributes)"
        case .tooManyEvents: "the batch has more events than the limit of \(limits.batchEvents)"
        default: "the event is larger than the limit of \(limits.eventBytes) bytes"
        }
    }

    private var eventError: CloudEventError {
        switch self {
        case .notObject:
            CloudEventError(.malformed, "an event is a JSON object", rule: "J1")
        case .notBatch:
            CloudEventError(.malformed, "a batch is a JSON array of events", rule: "J13")
        case .duplicateMember:
            CloudEventError(.duplicate, "the attribute is there twice", rule: "C3")
        case .notString:
            CloudEventError(.invalidValue, "the attribute has to be a JSON string", rule: "J2")
        case .nestedAttribute:
            CloudEventError(.invalidValue, "an attribute cannot be an object or an array", rule: "J2")
        case .wrongDeclaredType:
            CloudEventError(.invalidValue, "the value is not of the type declared for the attribute", rule: "J2")
        case .dataBesideBase64:
            CloudEventError(.invalidData, "there is data beside data_base64; an event has one of them", rule: "J8")
        case .dataNotString:
            CloudEventError(
                .invalidData,
                "datacontenttype does not mean JSON, so data has to be a string (or data_base64)",
                rule: "J10"
            )
        default:
            CloudEventError(
                .invalidData,
                "data_base64 has to be a string of base64 with the standard alphabet and padding",
                rule: "J4"
            )
        }
    }

    private func attributeError(_ subject: Refusal.Subject) -> CloudEventError {
        switch self {
        case .missing: CloudEventError(.missingAttribute, "the required attribute is missing or null", rule: "C1")
        case .empty: emptyError(subject)
        case .invalidName: AttributeName.invalid
        case .unsupportedVersion: SpecVersion.unsupported
        case .invalidBoolean: AttributeValue.invalidBoolean
        case .invalidInteger: AttributeValue.invalidInteger
        case .invalidBinary: AttributeValue.invalidBinary
        case .invalidURI: URI.invalid
        case .invalidReference: URIReference.invalid
        case .invalidTimestamp: Timestamp.invalid
        case .invalidMediaType: MediaType.invalid
        default: AttributeValue.invalidString
        }
    }

    private func emptyError(_ subject: Refusal.Subject) -> CloudEventError {
        var (message, rule) = ("the attribute is empty; give it a value", "C2")
        if case .core(let attribute) = subject {
            if attribute == .source { rule = "C5" }
            if !attribute.isRequired { (message, rule) = (message + " or leave it out", "C7") }
        }
        return CloudEventError(.invalidValue, message, rule: rule)
    }
}
