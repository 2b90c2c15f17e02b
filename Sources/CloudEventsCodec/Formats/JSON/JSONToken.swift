// SPDX-License-Identifier: Apache-2.0

/// One step through a JSON text. Ranges count bytes from the beginning of the text.
package enum JSONToken: Equatable {
    case beginObject
    case endObject
    case beginArray
    case endArray
    /// A member's name; its value comes next.
    case name(JSONString)
    case string(JSONString)
    case number(JSONNumber)
    case boolean(Bool)
    case null
    /// The text is over, and was exactly one value.
    case end
}

/// Where a string lies in the text, between its quotation marks. It is well-formed: valid UTF-8, valid escapes, no
/// lone surrogate.
package struct JSONString: Equatable {
    package let range: Range<Int>
    /// Whether there is a backslash: the bytes are not the string's own.
    package let hasEscapes: Bool
    /// Whether all bytes are printable ASCII, and neither `"` nor `\`.
    package let isPlain: Bool
}

/// Where a number lies in the text, with every digit as it was written.
package struct JSONNumber: Equatable {
    package let range: Range<Int>
    /// Whether there is neither fraction nor exponent.
    package let isInteger: Bool
}
