// SPDX-License-Identifier: Apache-2.0

/// A URI or a relative reference, as RFC 3986 section 4.1 defines it (T6).
///
/// The text is kept as it was given: nothing is normalized, two references are equal when their texts are.
public struct URIReference: Sendable, Hashable {
    /// The reference as text. It has only ASCII characters and may be empty.
    public let string: String

    /// Checks a reference.
    ///
    /// - Throws: ``CloudEventError`` with ``CloudEventError/Code/invalidValue`` where it is not one of RFC 3986.
    public init(_ string: String) throws(CloudEventError) {
        var copy = string
        guard copy.withUTF8({ URISyntax.isReference(UnsafeRawBufferPointer($0)) }) else {
            throw Self.invalid
        }
        self.string = string
    }

    /// A URI is a reference too.
    public init(_ uri: URI) {
        self.string = uri.string
    }

    static var invalid: CloudEventError {
        CloudEventError(
            .invalidValue,
            "not a URI-reference of RFC 3986; percent-encode the characters it does not allow",
            rule: "T6"
        )
    }

    init(unchecked string: String) {
        self.string = string
    }

    /// Whether there is no text. Legal as a type, not as an event's `source`.
    public var isEmpty: Bool { string.isEmpty }
}

extension URIReference: ExpressibleByStringLiteral {
    /// A reference written in the source code: also what `URIReference("…")` with a literal makes, which is why that cannot
    /// throw. Text that is not known to be one is a `String` in a variable.
    ///
    /// - Precondition: RFC 3986 allows it.
    public init(stringLiteral value: StaticString) {
        let string = value.description
        guard let reference = try? URIReference(string) else {
            preconditionFailure("\"\(string)\" is not a URI-reference (T6)")
        }
        self = reference
    }
}

extension URIReference: CustomStringConvertible {
    /// The reference as text.
    public var description: String { string }
}
