// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// What ``FieldOperation/cast(_:to:)`` makes of a value. Null stays null.
///
/// What a value cannot become is an error of the record: the text `many` is no integer.
public struct FieldType: Sendable, Hashable, CustomStringConvertible {
    /// The name by which a configuration chooses the type.
    public let description: String

    private init(_ name: String) { description = name }

    /// A whole number of 64 bits. A fraction is cut off, true is 1, a text has to be a whole number.
    public static let integer = FieldType("integer")
    /// A binary floating-point number of 64 bits; digits that it has no room for are lost.
    public static let double = FieldType("double")
    /// A number with all of its digits.
    public static let decimal = FieldType("decimal")
    /// True or false. A number is true unless it is 0; a text has to be `true` or `false`, in whatever case.
    public static let boolean = FieldType("boolean")
    /// A text: digits as they are, times in RFC 3339, bytes in base64, arrays and objects as JSON.
    public static let string = FieldType("string")
    /// What a text is as JSON. Anything that is no text stays as it is.
    public static let json = FieldType("json")

    /// All types.
    public static let all: [FieldType] = [.integer, .double, .decimal, .boolean, .string, .json]

    func cast(_ value: StructuredValue) throws -> StructuredValue {
        if value == .null { return .null }
        let result: StructuredValue? =
            switch self {
            case .integer: Self.integer(value)
            case .double: Self.double(value)
            case .decimal: Self.decimal(value)
            case .boolean: Self.boolean(value)
            case .string: .string(try value.text())
            default: try Self.parsed(value)
            }
        guard let result else { throw ConnectorError(.invalidRecord, "\(value.kind) cannot become the type \(self)") }
        return result
    }

    private static func integer(_ value: StructuredValue) -> StructuredValue? {
        switch value {
        case .integer: value
        case .boolean(let value): .integer(value ? 1 : 0)
        case .double(let value): Int64(exactly: value.rounded(.towardZero)).map { .integer($0) }
        case .decimal(let digits): Int64(decimal: digits).map { .integer($0) }
        case .string(let text): Int64(text).map { .integer($0) }
        default: nil
        }
    }

    private static func double(_ value: StructuredValue) -> StructuredValue? {
        let double: Double? =
            switch value {
            case .integer(let value): Double(value)
            case .boolean(let value): value ? 1 : 0
            case .double(let value): value
            case .decimal(let text), .string(let text): Double(decimal: text)
            default: nil
            }
        return double.flatMap { $0.isFinite ? .double($0) : nil }
    }

    private static func decimal(_ value: StructuredValue) -> StructuredValue? {
        switch value {
        case .integer, .decimal: return value
        case .double(let double): return double.isFinite ? value : nil
        case .boolean(let value): return .integer(value ? 1 : 0)
        case .string(let text):
            guard let number = try? StructuredValue(json: SharedBytes(utf8: text)) else { return nil }
            switch number {
            case .integer, .double, .decimal: return number
            default: return nil
            }
        default: return nil
        }
    }

    private static func boolean(_ value: StructuredValue) -> StructuredValue? {
        switch value {
        case .boolean: return value
        case .integer(let value): return .boolean(value != 0)
        case .double(let value): return value.isNaN ? nil : .boolean(value != 0)
        case .decimal(let digits):
            return .boolean(digits.utf8.prefix { $0 | 0x20 != UInt8(ascii: "e") }.contains { $0 > 0x30 })
        case .string(let text):
            switch text.lowercased() {
            case "true": return .boolean(true)
            case "false": return .boolean(false)
            default: return nil
            }
        default: return nil
        }
    }

    private static func parsed(_ value: StructuredValue) throws -> StructuredValue {
        guard case .string(let text) = value else { return value }
        return try StructuredValue(json: SharedBytes(utf8: text))
    }
}
