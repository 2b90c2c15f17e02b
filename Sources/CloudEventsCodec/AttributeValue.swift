// SPDX-License-Identifier: Apache-2.0

/// The value of an attribute, in one of the seven types of the specification (C14).
public enum AttributeValue: Sendable {
    /// `true` or `false` (T1).
    case boolean(Bool)
    /// A whole number of 32 bits with a sign (T2).
    case integer(Int32)
    /// Unicode text without control characters and noncharacters (T3); an event checks that when it takes the value.
    case string(String)
    /// Bytes (T4).
    case binary(SharedBytes)
    /// An absolute URI without a fragment (T5).
    case uri(URI)
    /// A URI or a relative reference (T6).
    case uriReference(URIReference)
    /// An instant (T7).
    case timestamp(Timestamp)

    /// The value's type.
    public var type: AttributeType {
        switch self {
        case .boolean: .boolean
        case .integer: .integer
        case .string: .string
        case .binary: .binary
        case .uri: .uri
        case .uriReference: .uriReference
        case .timestamp: .timestamp
        }
    }

    /// The value in the canonical text form of its type (C14, T1 to T7), from which ``init(canonical:as:)`` makes the
    /// same value again.
    public var canonicalString: String {
        switch self {
        case .boolean(let value): value ? "true" : "false"
        case .integer(let value): String(value)
        case .string(let value): value
        case .binary(let value): Base64.encode(value)
        case .uri(let value): value.string
        case .uriReference(let value): value.string
        case .timestamp(let value): value.description
        }
    }

    /// Reads a value of a type from its canonical text (C14).
    ///
    /// - Throws: ``CloudEventError`` with ``CloudEventError/Code/invalidValue`` and the type's rule, T1 to T7, where
    ///   the text is not one of the type.
    public init(canonical text: String, as type: AttributeType) throws(CloudEventError) {
        switch type {
        case .boolean: self = .boolean(try Self.boolean(text))
        case .integer: self = .integer(try Self.integer(text))
        case .string:
            try Self.checkString(text)
            self = .string(text)
        case .binary: self = .binary(try Self.binary(text))
        case .uri: self = .uri(try URI(text))
        case .uriReference: self = .uriReference(try URIReference(text))
        case .timestamp: self = .timestamp(try Timestamp(text))
        }
    }
}

extension AttributeValue {
    private static func boolean(_ text: String) throws(CloudEventError) -> Bool {
        switch text {
        case "true": return true
        case "false": return false
        default: throw invalidBoolean
        }
    }

    static var invalidBoolean: CloudEventError {
        CloudEventError(.invalidValue, "a Boolean is exactly true or false", rule: "T1")
    }

    static var invalidBinary: CloudEventError {
        CloudEventError(
            .invalidValue,
            "a Binary is base64 of RFC 4648 with the standard alphabet and padding",
            rule: "T4"
        )
    }

    private static func integer(_ text: String) throws(CloudEventError) -> Int32 {
        var copy = text
        guard let value = copy.withUTF8({ integer(UnsafeRawBufferPointer($0)) }) else { throw invalidInteger }
        return value
    }

    static var invalidInteger: CloudEventError {
        CloudEventError(
            .invalidValue,
            "an Integer is -2147483648 to 2147483647 in decimal digits, without plus sign, leading zeros, fraction and "
                + "exponent",
            rule: "T2"
        )
    }

    /// Reads the canonical form of an Integer, which is also the one form JSON may give it (J2).
    static func integer(_ bytes: UnsafeRawBufferPointer) -> Int32? {
        var magnitude: Int64 = 0
        let isNegative = bytes.first == UInt8(ascii: "-")
        let digits = bytes.dropFirst(isNegative ? 1 : 0)
        guard let first = digits.first, digits.count <= 10, digits.count == 1 || first != UInt8(ascii: "0") else {
            return nil
        }
        for byte in digits {
            guard URISyntax.isDigit(byte) else { return nil }
            magnitude = magnitude * 10 + Int64(byte - UInt8(ascii: "0"))
        }
        return Int32(exactly: isNegative ? -magnitude : magnitude)
    }

    private static func binary(_ text: String) throws(CloudEventError) -> SharedBytes {
        var copy = text
        guard let bytes = copy.withUTF8({ Base64.decode(UnsafeRawBufferPointer($0)) }) else {
            throw invalidBinary
        }
        return bytes
    }

    /// Refuses text that the type String does not allow (T3).
    static func checkString(_ text: String) throws(CloudEventError) {
        var copy = text
        if copy.withUTF8({ firstDisallowedCharacter(UnsafeRawBufferPointer($0)) }) != nil { throw invalidString }
    }

    static var invalidString: CloudEventError {
        CloudEventError(
            .invalidValue,
            "a String has no control characters (U+0000 to U+001F, U+007F to U+009F) and no noncharacters; remove them",
            rule: "T3"
        )
    }
}

extension AttributeValue: Hashable {
    /// Whether both are of one type and the same value: Strings by their characters' code, not by Unicode equivalence,
    /// Timestamps by their instant.
    public static func == (left: AttributeValue, right: AttributeValue) -> Bool {
        switch (left, right) {
        case (.boolean(let left), .boolean(let right)): left == right
        case (.integer(let left), .integer(let right)): left == right
        case (.string(let left), .string(let right)): left.utf8.elementsEqual(right.utf8)
        case (.binary(let left), .binary(let right)): left == right
        case (.uri(let left), .uri(let right)): left == right
        case (.uriReference(let left), .uriReference(let right)): left == right
        case (.timestamp(let left), .timestamp(let right)): left == right
        default: false
        }
    }

    /// Hashes type and value.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(type)
        switch self {
        case .boolean(let value): hasher.combine(value)
        case .integer(let value): hasher.combine(value)
        // Strings of the same code are equal as Unicode sees it, too, and hash the same.
        case .string(let value): hasher.combine(value)
        case .binary(let value): hasher.combine(value)
        case .uri(let value): hasher.combine(value)
        case .uriReference(let value): hasher.combine(value)
        case .timestamp(let value): hasher.combine(value)
        }
    }
}

extension AttributeValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral {
    /// A String.
    public init(stringLiteral value: String) { self = .string(value) }

    /// A Boolean.
    public init(booleanLiteral value: Bool) { self = .boolean(value) }

    /// An Integer.
    public init(integerLiteral value: Int32) { self = .integer(value) }
}
