// SPDX-License-Identifier: Apache-2.0

public import HTTPTypes

extension HTTPFields {
    /// Whether a sender expects something else than consent to send its body, which is answered with 417
    /// (RFC 9110, 10.1.1).
    public var expectMoreThanConsent: Bool {
        guard let expectations = self[.expect] else { return false }
        return expectations.split(separator: ",").contains { $0.trimmed.lowercased() != "100-continue" }
    }
}

extension Substring {
    /// The text without blanks and tabs around it.
    fileprivate var trimmed: Substring {
        let isBlank = { (character: Character) in character == " " || character == "\t" }
        let end = lastIndex { !isBlank($0) }.map { index(after: $0) } ?? startIndex
        return self[..<end].drop(while: isBlank)
    }
}
