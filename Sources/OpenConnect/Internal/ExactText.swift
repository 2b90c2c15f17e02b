// SPDX-License-Identifier: Apache-2.0

/// A text that equals only what has the same bytes: `String` takes an é and an e with an accent behind it for the same.
package struct ExactText: Sendable, Hashable {
    package let text: String

    package init(_ text: String) { self.text = text }

    package static func == (left: ExactText, right: ExactText) -> Bool { left.text.hasSameBytes(as: right.text) }

    package func hash(into hasher: inout Hasher) { hasher.combine(text) }
}

extension String {
    /// Whether both have the same bytes.
    package func hasSameBytes(as other: String) -> Bool {
        // Nearly all that are equal are ASCII, for which the first comparison is one of memory.
        self == other && (utf8.count == other.utf8.count) && utf8.elementsEqual(other.utf8)
    }
}
