// SPDX-License-Identifier: Apache-2.0

/// Percent-encoded parts of a URL's query.
enum PercentText {
    /// The text, decoded once; `nil` where a percent sign is not followed by two digits or the bytes are not UTF-8.
    static func decode(_ part: Substring.UTF8View) -> String? {
        // Double quotes have no meaning in a URL, as they have in a header.
        guard !part.contains(UInt8(ascii: "\"")) else { return nil }
        return try? HTTPHeaderValue.decode(String(decoding: part, as: UTF8.self))
    }
}
