// SPDX-License-Identifier: Apache-2.0

/// A text that nobody may see: a password, a token, a key.
///
/// As the type of a ``Setting`` it makes the setting secret. No description, reflection, error or document shows it; only
/// ``reveal()`` gives it, to the one call that needs it.
public struct Secret: Sendable, Hashable {
    private let text: String

    /// A secret.
    public init(_ text: String) { self.text = text }

    /// The text. Must not reach a message, a log or a record.
    public func reveal() -> String { text }

    /// Whether a text is the secret, found in a time that tells nothing about where they differ.
    public func matches(_ other: String) -> Bool {
        let (own, other) = (Array(text.utf8), Array(other.utf8))
        var difference: UInt8 = own.count == other.count ? 0 : 1
        for index in other.indices {
            difference |= other[index] ^ (own.isEmpty ? 0xFF : own[index % own.count])
        }
        return difference == 0
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The same for every secret.
    public var description: String { "<redacted>" }
    /// The same for every secret.
    public var debugDescription: String { description }
    /// Shows nothing.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
