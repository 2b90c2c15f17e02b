// SPDX-License-Identifier: Apache-2.0

/// A media type such as `application/json; charset=utf-8`, as RFC 2046 defines it (C7, C8).
///
/// Types, subtypes and parameter names compare without regard to case (SDK6); they are kept in lower case here.
public struct MediaType: Sendable, Hashable {
    /// The main type in lower case, such as `application`.
    public let type: String

    /// The subtype in lower case, such as `cloudevents+json`.
    public let subtype: String

    /// Reads a media type and checks its parameters, which are not kept.
    ///
    /// - Throws: ``CloudEventError`` with ``CloudEventError/Code/invalidValue`` where it is none.
    public init(_ text: String) throws(CloudEventError) {
        var copy = text
        let parsed = copy.withUTF8 { buffer -> (String, String)? in
            let bytes = UnsafeRawBufferPointer(buffer)
            guard let parts = MediaTypeSyntax(bytes), parts.charset(bytes) != nil else { return nil }
            return (
                String(decoding: bytes[parts.type], as: UTF8.self).lowercased(),
                String(decoding: bytes[parts.subtype], as: UTF8.self).lowercased()
            )
        }
        guard let parsed else { throw MediaType.invalid }
        (type, subtype) = parsed
    }

    /// Type and subtype without parameters, in lower case.
    public var essence: String { type + "/" + subtype }

    /// Whether the subtype is `json` or ends in `+json`, whatever the main type (J5).
    public var isJSON: Bool { subtype == "json" || subtype.hasSuffix("+json") }

    /// Whether a content type means JSON (J5), without making a value of it. Text that is no media type does not.
    public static func isJSON(_ text: String) -> Bool {
        var copy = text
        return copy.withUTF8 { isJSON(UnsafeRawBufferPointer($0)) }
    }

    static func isJSON(_ bytes: UnsafeRawBufferPointer) -> Bool {
        equal(bytes, "application/json") || MediaTypeSyntax(bytes).map { isJSON(bytes, $0) } ?? false
    }

    static func isJSON(_ bytes: UnsafeRawBufferPointer, _ parts: MediaTypeSyntax) -> Bool {
        let subtype = UnsafeRawBufferPointer(rebasing: bytes[parts.subtype])
        guard subtype.count >= 4, hasJSONEnding(subtype) else { return false }
        return subtype.count == 4 || subtype[subtype.count - 5] == UInt8(ascii: "+")
    }

    /// Whether a content type does not say that text is in another charset than UTF-8.
    package static func isUTF8(_ text: String) -> Bool {
        var copy = text
        return copy.withUTF8 { buffer in
            let bytes = UnsafeRawBufferPointer(buffer)
            return MediaTypeSyntax(bytes)?.charset(bytes) == .utf8
        }
    }

    /// Whether a content type is `text/…`.
    package static func isText(_ text: String) -> Bool {
        var copy = text
        return copy.withUTF8 { isText(UnsafeRawBufferPointer($0)) }
    }

    static func isText(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.count > 5 && zip(bytes, "text/".utf8).allSatisfy { $0 | 0x20 == $1 | 0x20 }
    }

    private static func hasJSONEnding(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let end = bytes.count
        return bytes[end - 4] | 0x20 == UInt8(ascii: "j") && bytes[end - 3] | 0x20 == UInt8(ascii: "s")
            && bytes[end - 2] | 0x20 == UInt8(ascii: "o") && bytes[end - 1] | 0x20 == UInt8(ascii: "n")
    }

    static var invalid: CloudEventError {
        CloudEventError(
            .invalidValue,
            "not a media type of RFC 2046; write type/subtype with optional ;name=value parameters",
            rule: "C7"
        )
    }
}
