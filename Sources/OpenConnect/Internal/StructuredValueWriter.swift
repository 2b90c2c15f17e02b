// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// Writes a tree as JSON text, and finds what JSON has no form for.
enum StructuredValueWriter {
    static func write(_ value: StructuredValue, to writer: inout JSONWriter) {
        switch value {
        case .null: writer.writeRaw("null")
        case .boolean(let value): writer.writeRaw(value ? "true" : "false")
        case .integer(let value): writer.writeInteger(value)
        case .double(let value): write(value, to: &writer)
        case .decimal(let digits): write(decimal: digits, to: &writer)
        case .string(let text): writer.writeString(text)
        case .bytes(let bytes): bytes.withUnsafeBytes { writer.writeBase64($0) }
        case .timestamp(let timestamp): writer.writeTimestamp(timestamp)
        case .array(let elements): write(elements, to: &writer)
        case .object(let object): write(object, to: &writer)
        }
    }

    private static func write(_ elements: [StructuredValue], to writer: inout JSONWriter) {
        writer.writeRaw(UInt8(ascii: "["))
        for (index, element) in elements.enumerated() {
            if index > 0 { writer.writeRaw(UInt8(ascii: ",")) }
            write(element, to: &writer)
        }
        writer.writeRaw(UInt8(ascii: "]"))
    }

    private static func write(_ object: StructuredObject, to writer: inout JSONWriter) {
        writer.writeRaw(UInt8(ascii: "{"))
        for (index, member) in object.members.enumerated() {
            if index > 0 { writer.writeRaw(UInt8(ascii: ",")) }
            writer.writeString(member.name)
            writer.writeRaw(UInt8(ascii: ":"))
            write(member.value, to: &writer)
        }
        writer.writeRaw(UInt8(ascii: "}"))
    }

    private static func write(_ value: Double, to writer: inout JSONWriter) {
        if value.isFinite {
            writer.writeText(value.description)
        } else if value.isNaN {
            writer.writeRaw("\"NaN\"")
        } else {
            writer.writeRaw(value < 0 ? "\"-Infinity\"" : "\"Infinity\"")
        }
    }

    private static func write(decimal digits: String, to writer: inout JSONWriter) {
        if isNumber(digits) { writer.writeText(digits) } else { writer.writeString(digits) }
    }

    /// Whether a text is exactly one number of JSON.
    private static func isNumber(_ digits: String) -> Bool {
        var digits = digits
        return digits.withUTF8 { JSONReader.isNumber(UnsafeRawBufferPointer($0)) }
    }

    /// What JSON has no form for in a value, with its place; `nil` where there is nothing of that kind.
    static func defect(of value: StructuredValue, depth: Int) -> String? {
        switch value {
        case .double(let value) where !value.isFinite:
            return "a double is not finite; write it as a string"
        case .decimal(let digits) where !isNumber(digits):
            return "a decimal is not a number of JSON; write it as a string"
        case .array(let elements):
            guard depth < StructuredValue.maximumDepth else { return tooDeep }
            for (index, element) in elements.enumerated() {
                if let defect = defect(of: element, depth: depth + 1) { return "[\(index)]: " + defect }
            }
            return nil
        case .object(let object):
            guard depth < StructuredValue.maximumDepth else { return tooDeep }
            for member in object.members {
                if let defect = defect(of: member.value, depth: depth + 1) { return "\(member.name): " + defect }
            }
            return nil
        default:
            return nil
        }
    }

    private static var tooDeep: String { "it is nested deeper than \(StructuredValue.maximumDepth) levels" }
}

extension JSONWriter {
    /// Appends a text that is JSON.
    mutating func writeText(_ text: String) {
        var text = text
        text.withUTF8 { writeRaw(UnsafeRawBufferPointer($0)) }
    }
}
