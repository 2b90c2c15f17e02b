// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// The way from a structured value to one within it.
struct FieldPath: Sendable, Hashable {
    enum Segment: Sendable, Hashable {
        case name(String)
        /// From the end where it is negative.
        case index(Int)
        /// Every element.
        case each
    }

    var segments: [Segment] = []

    static let whole = FieldPath()

    /// As many as the codec nests, and no more: changing a value goes one call deeper for each.
    static let maximumLength = 126

    var isWhole: Bool { segments.isEmpty }

    /// Whether it can mean several values.
    var isAmbiguous: Bool { segments.contains(.each) }
}

extension FieldPath: CustomStringConvertible {
    /// The text that a path is read from, as it stands behind `data`.
    var description: String { segments.map(\.description).joined() }
}

extension FieldPath.Segment: CustomStringConvertible {
    var description: String {
        switch self {
        case .index(let index): "[\(index)]"
        case .each: "[*]"
        case .name(let name) where !name.isEmpty && name.utf8.allSatisfy(FieldPathParser.isBare): ".\(name)"
        case .name(let name):
            "[\"" + Self.escaped(name) + "\"]"
        }
    }

    /// Byte by byte: an accent behind a quotation mark hides nothing.
    private static func escaped(_ name: String) -> String {
        let bytes = name.utf8.flatMap { byte in
            byte == UInt8(ascii: "\\") || byte == UInt8(ascii: "\"") ? [UInt8(ascii: "\\"), byte] : [byte]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
