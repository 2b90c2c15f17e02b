// SPDX-License-Identifier: Apache-2.0

/// The URL that names the type of a message in a google.protobuf.Any, and the `dataschema` that says the same (P3).
///
/// A type URL mostly has no scheme, `type.googleapis.com/pkg.Message`, and then means `https`. The attribute is an
/// absolute URI (C7), so it gets the scheme that is meant.
enum ProtobufTypeURL {
    /// The URI of a type URL, or nothing where it is not a URL.
    static func schema(of typeURL: String) -> URI? {
        if let uri = try? URI(typeURL) { return uri }
        return try? URI(assumedScheme + typeURL)
    }

    /// The type URL of a schema whose last part is the full name of a message, or nothing for other schemas.
    static func typeURL(of schema: URI) -> String? {
        let text = schema.string
        guard let slash = text.utf8.lastIndex(of: UInt8(ascii: "/")) else { return nil }
        let name = text[text.utf8.index(after: slash)...]
        guard isFullName(name), !name.hasSuffix(".proto") else { return nil }
        guard text.hasPrefix(assumedScheme) else { return text }
        let short = String(text.dropFirst(assumedScheme.utf8.count))
        // `host:80/pkg.Message` alone would be read as a URI of the scheme `host`.
        return (try? URI(short)) == nil ? short : text
    }

    private static let assumedScheme = "https://"

    /// Whether it is identifiers with dots between them.
    private static func isFullName(_ name: Substring) -> Bool {
        var isAtStart = true
        for byte in name.utf8 {
            if byte == UInt8(ascii: ".") {
                guard !isAtStart else { return false }
                isAtStart = true
                continue
            }
            let isLetter = (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte == UInt8(ascii: "_")
            guard isLetter || (!isAtStart && URISyntax.isDigit(byte)) else { return false }
            isAtStart = false
        }
        return !isAtStart
    }
}
