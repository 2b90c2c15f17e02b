// SPDX-License-Identifier: Apache-2.0

/// Says why an event, or a part of one, is not what the CloudEvents specification asks for.
///
/// The message never holds an attribute's value or a piece of the payload: these may be confidential.
public struct CloudEventError: Error, Hashable, Sendable {
    /// What kind of error it is, for code that reacts to it.
    public var code: Code

    /// What is wrong and what can be done about it, in one sentence or two.
    public var message: String

    /// The attribute or member that is wrong, if it is one.
    public var attribute: String?

    /// Where the error is in the input, in bytes from its beginning, if there is such a place.
    public var offset: Int?

    /// The short name of the rule that is broken, such as `J8`, if it is a rule of the specification.
    public var rule: String?

    /// Makes an error.
    ///
    /// - Parameters:
    ///   - code: what kind of error it is.
    ///   - message: what is wrong and what to do; without attribute values.
    ///   - attribute: the attribute or member that is wrong.
    ///   - offset: where the error is, in bytes from the beginning of the input.
    ///   - rule: the short name of the broken rule.
    public init(_ code: Code, _ message: String, attribute: String? = nil, offset: Int? = nil, rule: String? = nil) {
        self.code = code
        self.message = message
        self.attribute = attribute
        self.offset = offset
        self.rule = rule
    }
}

extension CloudEventError {
    /// A kind of error. More kinds may be added: give every `switch` a `default`.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The name of the kind.
        public let description: String

        private init(_ description: String) {
            self.description = description
        }

        /// The bytes are not in the syntax of the format (not JSON, not UTF-8, cut off).
        public static let malformed = Code("malformed")
        /// The input is larger, deeper or longer than the reader's ``CodecLimits`` allow.
        public static let limitExceeded = Code("limitExceeded")
        /// A required attribute is not there (C1).
        public static let missingAttribute = Code("missingAttribute")
        /// The name cannot be an attribute's name (C13).
        public static let invalidName = Code("invalidName")
        /// The value is not one of its type, or the attribute does not allow it (C2, T1 to T7).
        public static let invalidValue = Code("invalidValue")
        /// An attribute or member appears twice (C3).
        public static let duplicate = Code("duplicate")
        /// The data contradicts itself, its content type or its encoding (J4 to J10).
        public static let invalidData = Code("invalidData")
        /// The version of the specification is not one this library reads (C4).
        public static let unsupportedVersion = Code("unsupportedVersion")
        /// The event is valid, but this format cannot carry it.
        public static let notRepresentable = Code("notRepresentable")
        /// The message is in an event format, or in a mode, that the receiver does not read (H4).
        public static let unsupportedFormat = Code("unsupportedFormat")
    }
}

extension CloudEventError: CustomStringConvertible {
    /// Everything in one line: `invalidValue (T7), attribute time, byte 41: …`.
    public var description: String {
        var text = code.description
        if let rule { text += " (\(rule))" }
        if let attribute { text += ", attribute \(attribute)" }
        if let offset { text += ", byte \(offset)" }
        return text + ": " + message
    }
}

extension CloudEventError {
    /// The same error, naming the attribute it was found in.
    func naming(_ attribute: String, offset: Int? = nil) -> CloudEventError {
        var copy = self
        copy.attribute = attribute
        copy.offset = offset ?? self.offset
        return copy
    }
}
