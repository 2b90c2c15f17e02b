// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension CloudEventsSQL {
    /// A value of one of the three types that CloudEvents SQL has (L1). URIs, timestamps and binary values are their
    /// canonical text.
    public enum Value: Sendable, Hashable {
        /// Unicode text. Two are equal when their characters are the same, one by one.
        case string(String)
        /// A whole number of 32 bits with a sign.
        case integer(Int32)
        /// `true` or `false`.
        case boolean(Bool)

        /// The value's type.
        public var type: ValueType {
            switch self {
            case .string: .string
            case .integer: .integer
            case .boolean: .boolean
            }
        }

        /// Whether both have one type and are the same; nothing is cast.
        public static func == (left: Value, right: Value) -> Bool {
            switch (left, right) {
            case (.boolean(let left), .boolean(let right)): left == right
            case (.integer(let left), .integer(let right)): left == right
            case (.string(let left), .string(let right)):
                left.withBytes { left in right.withBytes { areEqual(left, $0) } }
            default: false
            }
        }

        /// Hashes type and value.
        public func hash(into hasher: inout Hasher) {
            switch self {
            case .boolean(let value): hasher.combine(value)
            case .integer(let value): hasher.combine(value)
            case .string(let text):
                for byte in text.utf8 { hasher.combine(byte) }
            }
        }
    }

    /// The type of a value.
    public struct ValueType: Sendable, Hashable, CustomStringConvertible {
        enum Kind: UInt8 { case string, integer, boolean }
        let kind: Kind

        /// Unicode text; `''` where there is an error and no better value.
        public static let string = ValueType(kind: .string)
        /// A whole number of 32 bits; `0` where there is an error and no better value.
        public static let integer = ValueType(kind: .integer)
        /// `true` or `false`; `false` where there is an error and no better value.
        public static let boolean = ValueType(kind: .boolean)

        /// The name that the specification gives it.
        public var description: String {
            switch kind {
            case .string: "String"
            case .integer: "Integer"
            case .boolean: "Boolean"
            }
        }

        /// The zero value (L8).
        var zero: Value {
            switch kind {
            case .string: .string("")
            case .integer: .integer(0)
            case .boolean: .boolean(false)
            }
        }
    }
}

extension CloudEventsSQL.Value: CustomStringConvertible {
    /// The value as a String (L10).
    public var description: String {
        switch self {
        case .string(let text): text
        case .integer(let number): String(number)
        case .boolean(let value): value ? "true" : "false"
        }
    }
}

extension CloudEventsSQL.Value {
    /// The value as one of a type, or nothing where it is none (L10).
    func cast(to type: CloudEventsSQL.ValueType) -> CloudEventsSQL.Value? {
        switch (type.kind, self) {
        case (.string, .string), (.integer, .integer), (.boolean, .boolean): self
        case (.string, _): .string(description)
        case (.integer, .boolean(let value)): .integer(value ? 1 : 0)
        case (.integer, .string(let text)): Self.integer(text).map { .integer($0) }
        case (.boolean, .integer(let number)): .boolean(number != 0)
        case (.boolean, .string(let text)): Self.boolean(text).map { .boolean($0) }
        }
    }

    /// An optional sign and digits, of 32 bits.
    private static func integer(_ text: String) -> Int32? {
        var magnitude: Int64 = 0
        var isNegative = false
        var hasDigits = false
        for (index, byte) in text.utf8.enumerated() {
            if index == 0, byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") {
                isNegative = byte == UInt8(ascii: "-")
                continue
            }
            guard byte &- UInt8(ascii: "0") < 10 else { return nil }
            hasDigits = true
            magnitude = magnitude * 10 + Int64(byte - UInt8(ascii: "0"))
            guard magnitude <= 1 << 31 else { return nil }
        }
        return hasDigits ? Int32(exactly: isNegative ? -magnitude : magnitude) : nil
    }

    private static func boolean(_ text: String) -> Bool? {
        if isWord(text, "true") { return true }
        return isWord(text, "false") ? false : nil
    }

    private static func isWord(_ text: String, _ word: StaticString) -> Bool {
        guard text.utf8.count == word.utf8CodeUnitCount else { return false }
        return word.withUTF8Buffer { word in zip(text.utf8, word).allSatisfy { $0 | 0x20 == $1 } }
    }
}
