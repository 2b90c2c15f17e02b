// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// The extension attributes of a letter's event.
enum LetterAttribute {
    static let prefix = "deadletter"

    static let pipeline: AttributeName = "deadletterpipeline"
    static let connector: AttributeName = "deadletterconnector"
    static let stage: AttributeName = "deadletterstage"
    static let sink: AttributeName = "deadlettersink"
    static let parts: AttributeName = "deadletterparts"
    static let code: AttributeName = "deadlettercode"
    static let message: AttributeName = "deadlettermessage"
    static let attempts: AttributeName = "deadletterattempts"
    static let first: AttributeName = "deadletterfirst"
    static let last: AttributeName = "deadletterlast"
    /// What the record is and the event does not say: see ``LetterCarrier``.
    static let record: AttributeName = "deadletterrecord"

    /// Whether an attribute is a letter's, or a store's: the whole family is theirs.
    static func isOwn(_ name: AttributeName) -> Bool { name.string.utf8.starts(with: prefix.utf8) }

    /// Whether a record's extension cannot lie beside a letter's: it has one of their names, or a name to which the mapping
    /// of records gives a meaning, and many formats would change the type that tells whether it has that.
    static func isTaken(_ name: AttributeName) -> Bool {
        let families = [prefix, StackedAttribute.record.base, StackedAttribute.position.base]
        return name == RecordEvent.partitionKey || families.contains { name.string.utf8.starts(with: $0.utf8) }
    }

    /// Any text as one that an attribute can be: what is not allowed becomes `%` and two hexadecimal digits for each of
    /// its bytes, and so does a `%` that would be taken for that.
    static func escaped(_ text: String) -> String {
        var output: [UInt8] = []
        var rest = Array(text.utf8)[...]
        for scalar in text.unicodeScalars {
            let count = UTF8.width(scalar)
            if scalar == "%" ? isEscape(rest) : !isAllowed(scalar) {
                for byte in rest.prefix(count) { PercentText.append(escape: byte, to: &output) }
            } else {
                output += rest.prefix(count)
            }
            rest = rest.dropFirst(count)
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// The text that ``escaped(_:)`` made another of.
    static func unescaped(_ text: String) -> String {
        var output: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.first {
            if isEscape(rest),
                let decoded = UInt8(String(decoding: rest.dropFirst().prefix(2), as: UTF8.self), radix: 16)
            {
                output.append(decoded)
                rest = rest.dropFirst(3)
            } else {
                output.append(byte)
                rest = rest.dropFirst()
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    private static func isEscape(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.count >= 3 && bytes.first == UInt8(ascii: "%")
            && bytes.dropFirst().prefix(2).allSatisfy { Unicode.Scalar($0).properties.isASCIIHexDigit }
    }

    /// Whether a String can have the character (T3).
    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
        return !isControl && !scalar.properties.isNoncharacterCodePoint
    }
}
