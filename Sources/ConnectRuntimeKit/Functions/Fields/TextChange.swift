// SPDX-License-Identifier: Apache-2.0

/// A change of a text, for values and for the names of fields: no regular expressions, so that it costs what it looks like.
public struct TextChange: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        case addPrefix(String), addSuffix(String)
        case dropPrefix(String), dropSuffix(String)
        case replace(String, String)
        case lowercase, uppercase
    }

    let kind: Kind

    /// Puts something in front.
    public static func addingPrefix(_ prefix: String) -> TextChange { TextChange(kind: .addPrefix(prefix)) }
    /// Puts something behind.
    public static func addingSuffix(_ suffix: String) -> TextChange { TextChange(kind: .addSuffix(suffix)) }
    /// Takes away what is in front, where it is there.
    public static func droppingPrefix(_ prefix: String) -> TextChange { TextChange(kind: .dropPrefix(prefix)) }
    /// Takes away what is behind, where it is there.
    public static func droppingSuffix(_ suffix: String) -> TextChange { TextChange(kind: .dropSuffix(suffix)) }
    /// Replaces something wherever it is there; an empty text is nowhere.
    public static func replacing(_ old: String, with new: String) -> TextChange { TextChange(kind: .replace(old, new)) }
    /// Makes letters small.
    public static let lowercased = TextChange(kind: .lowercase)
    /// Makes letters large.
    public static let uppercased = TextChange(kind: .uppercase)

    func apply(to text: String) -> String {
        switch kind {
        case .addPrefix(let prefix): prefix + text
        case .addSuffix(let suffix): text + suffix
        case .dropPrefix(let prefix):
            text.utf8.starts(with: prefix.utf8) ? Self.text(text.utf8.dropFirst(prefix.utf8.count)) : text
        case .dropSuffix(let suffix):
            text.utf8.reversed().starts(with: suffix.utf8.reversed())
                ? Self.text(text.utf8.dropLast(suffix.utf8.count)) : text
        case .replace(let old, let new):
            old.isEmpty ? text : Self.text(Array(text.utf8).replacing(Array(old.utf8), with: Array(new.utf8)))
        case .lowercase: text.lowercased()
        case .uppercase: text.uppercased()
        }
    }

    /// Texts are compared by their bytes: a line break is in `\r\n`, and an accent hides nothing before it.
    private static func text(_ bytes: some Collection<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
}
