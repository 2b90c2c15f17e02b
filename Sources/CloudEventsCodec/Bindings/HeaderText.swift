// SPDX-License-Identifier: Apache-2.0

/// Comparing and cutting the text of headers by bytes: only ASCII letters have two cases there. Unicode's own mapping
/// would make `k` of the Kelvin sign, and so an attribute's name of something that is none.
enum HeaderText {
    static func lowercased(_ byte: UInt8) -> UInt8 {
        UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte ? byte | 0x20 : byte
    }

    /// Whether both texts are the same but for the case of ASCII letters.
    static func equal(_ left: some StringProtocol, _ right: some StringProtocol) -> Bool {
        left.utf8.count == right.utf8.count
            && zip(left.utf8, right.utf8).allSatisfy { lowercased($0) == lowercased($1) }
    }

    /// Whether a text begins with a prefix, whatever the case of its ASCII letters.
    static func hasPrefix(_ text: String, _ prefix: String) -> Bool {
        text.utf8.count >= prefix.utf8.count
            && zip(text.utf8, prefix.utf8).allSatisfy { lowercased($0) == lowercased($1) }
    }

    /// The text with its ASCII letters in lower case.
    static func lowercased(_ text: some StringProtocol) -> String {
        String(decoding: text.utf8.map { lowercased($0) }, as: UTF8.self)
    }

    /// The text without spaces and tabs around it: optional white space is no part of an HTTP field's value.
    static func trimmed(_ text: String) -> String {
        let bytes = text.utf8
        guard let first = bytes.firstIndex(where: { !isBlank($0) }), let last = bytes.lastIndex(where: { !isBlank($0) })
        else { return "" }
        if first == bytes.startIndex, bytes.index(after: last) == bytes.endIndex { return text }
        return String(decoding: bytes[first...last], as: UTF8.self)
    }

    /// The elements of a comma-separated list; empty ones are left out, as receivers of HTTP do.
    static func list(_ text: String) -> [String] {
        text.utf8.split(separator: UInt8(ascii: ",")).map { trimmed(String(decoding: $0, as: UTF8.self)) }
            .filter { !$0.isEmpty }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}

extension [MessageHeader] {
    /// The values of all headers of a name, whatever its case, without white space around them.
    func values(of name: String) -> [String] {
        filter { HeaderText.equal($0.name, name) }.map { HeaderText.trimmed($0.value) }
    }

    /// The value of a header that may be there once.
    func singleValue(of name: String, rule: String) throws(CloudEventError) -> String? {
        let all = values(of: name)
        guard all.count <= 1 else {
            throw CloudEventError(
                .duplicate,
                "the message has several headers \(name); send one",
                attribute: name,
                rule: rule
            )
        }
        return all.first
    }
}

extension MessageHeader: CustomStringConvertible {
    /// The name only: values may be confidential, such as a token.
    public var description: String { AttributeName.printable(name) }
}

extension String {
    /// What follows so many bytes.
    func utf8Suffix(from offset: Int) -> Substring {
        Substring(utf8.dropFirst(offset))
    }
}
