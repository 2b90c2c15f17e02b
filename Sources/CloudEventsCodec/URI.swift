// SPDX-License-Identifier: Apache-2.0

/// An absolute URI without a fragment, as RFC 3986 section 4.3 defines it (T5).
///
/// The text is kept as it was given: nothing is normalized, two URIs are equal when their texts are.
public struct URI: Sendable, Hashable {
    /// The URI as text. It has only ASCII characters and is never empty.
    public let string: String

    /// Checks a URI.
    ///
    /// - Throws: ``CloudEventError`` with ``CloudEventError/Code/invalidValue`` where it is not an absolute-URI.
    public init(_ string: String) throws(CloudEventError) {
        var copy = string
        guard copy.withUTF8({ URISyntax.isAbsolute(UnsafeRawBufferPointer($0)) }) else {
            throw Self.invalid
        }
        self.string = string
    }

    static var invalid: CloudEventError {
        CloudEventError(
            .invalidValue,
            "not an absolute URI of RFC 3986; it needs a scheme, no fragment, and percent-encoded characters",
            rule: "T5"
        )
    }

    init(unchecked string: String) {
        self.string = string
    }
}

extension URI: ExpressibleByStringLiteral {
    /// A URI written in the source code: also what `URI("…")` with a literal makes, which is why that cannot throw. Text
    /// that is not known to be one is a `String` in a variable.
    ///
    /// - Precondition: RFC 3986 allows it as an absolute-URI.
    public init(stringLiteral value: StaticString) {
        let string = value.description
        guard let uri = try? URI(string) else {
            preconditionFailure("\"\(string)\" is not an absolute URI (T5)")
        }
        self = uri
    }
}

extension URI: CustomStringConvertible {
    /// The URI as text.
    public var description: String { string }
}
