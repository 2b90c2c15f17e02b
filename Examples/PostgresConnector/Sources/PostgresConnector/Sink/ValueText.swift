// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import FoundationEssentials
import OpenConnect

/// Writes values as the text format of COPY has them (chapter "COPY", "Text Format", of the manual).
struct ValueText {
    private(set) var bytes: [UInt8] = []

    /// The number of bytes written.
    var count: Int { bytes.count }

    mutating func reserve(_ capacity: Int) { bytes.reserveCapacity(capacity) }
    mutating func separate() { bytes.append(UInt8(ascii: "\t")) }
    mutating func appendNull() { bytes += [UInt8(ascii: "\\"), UInt8(ascii: "N")] }
    mutating func append(plain text: Slice<UnsafeRawBufferPointer>) {
        bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: text))
    }
    mutating func endRow() { bytes.append(UInt8(ascii: "\n")) }
    mutating func cut(to count: Int) { bytes.removeLast(bytes.count - count) }

    /// Writes a value for a column of a kind.
    ///
    /// - Throws: `invalidRecord` where the value has no form in a column of that kind.
    mutating func append(_ value: StructuredValue, _ kind: TargetTable.Column.Kind) throws(ConnectorError) {
        switch (value, kind) {
        case (.null, _): appendNull()
        case (_, .json): append(json: value)
        case (.array(let elements), .array(let element)):
            append(escaping: try ArrayText.literal(elements, of: element).utf8)
        case (_, .bytes): append(escaping: try Self.hex(value).utf8)
        case (.string(let text), _): append(text)
        case (.integer(let number), _): append(number)
        case (.decimal(let digits), _): append(digits)
        case (.boolean(let isTrue), _): append(isTrue ? "true" : "false")
        default: append(escaping: Self.plain(value).utf8)
        }
    }

    /// A value in the form that most types read.
    static func plain(_ value: StructuredValue) -> String {
        switch value {
        case .null: ""
        case .boolean(let isTrue): isTrue ? "true" : "false"
        case .integer(let number): String(number)
        case .double(let number): number.description
        case .decimal(let digits): digits
        case .string(let text): text
        case .bytes(let bytes): Data(bytes).base64EncodedString()
        case .timestamp(let time): time.description
        case .array, .object: String(decodingUTF8: value.json)
        }
    }

    /// Bytes for a bytea: a text is base64, as JSON carries bytes, or has the hexadecimal form.
    static func hex(_ value: StructuredValue) throws(ConnectorError) -> String {
        switch value {
        case .bytes(let bytes): return SQL.hex(bytes)
        case .string(let text) where text.hasPrefix("\\x") && SQL.bytes(hex: text) != nil: return text
        case .string(let text):
            if let data = Data(base64Encoded: text) { return SQL.hex(data) }
        default: break
        }
        throw ConnectorError(
            .invalidRecord,
            "a column of type bytea takes bytes, as base64 or as \\x and hexadecimal digits"
        )
    }

    // MARK: Escaping

    private mutating func append(json value: StructuredValue) {
        value.json.withUnsafeBytes { append(escaping: $0) }
    }

    private mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { append(escaping: UnsafeRawBufferPointer($0)) }
    }

    private mutating func append(_ number: Int64) {
        if number < 0 { bytes.append(UInt8(ascii: "-")) }
        let start = bytes.count
        var rest = number.magnitude
        repeat {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0
        bytes[start...].reverse()
    }

    private mutating func append(escaping text: some Collection<UInt8>) {
        for byte in text { append(escaping: byte) }
    }

    private mutating func append(escaping text: UnsafeRawBufferPointer) {
        // Most texts have nothing to escape, and are copied whole.
        if text.contains(where: { $0 < 32 || $0 == UInt8(ascii: "\\") }) {
            for byte in text { append(escaping: byte) }
        } else {
            bytes.append(contentsOf: text)
        }
    }

    private mutating func append(escaping byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\\"): bytes += [byte, byte]
        case UInt8(ascii: "\t"): bytes += [UInt8(ascii: "\\"), UInt8(ascii: "t")]
        case UInt8(ascii: "\n"): bytes += [UInt8(ascii: "\\"), UInt8(ascii: "n")]
        case UInt8(ascii: "\r"): bytes += [UInt8(ascii: "\\"), UInt8(ascii: "r")]
        default: bytes.append(byte)
        }
    }
}

/// Writes arrays as their literals.
enum ArrayText {
    static func literal(
        _ elements: [StructuredValue],
        of kind: TargetTable.Column.Kind
    ) throws(ConnectorError) -> String {
        var texts: [String] = []
        for element in elements {
            switch (element, kind) {
            case (.null, _): texts.append("NULL")
            case (.array(let inner), .text), (.array(let inner), .bytes):
                texts.append(try literal(inner, of: kind))
            case (_, .json): texts.append(quoted(String(decodingUTF8: element.json)))
            case (_, .bytes): texts.append(quoted(try ValueText.hex(element)))
            default: texts.append(quoted(ValueText.plain(element)))
            }
        }
        return "{" + texts.joined(separator: ",") + "}"
    }

    private static func quoted(_ text: String) -> String {
        String(SQL.array([text]).dropFirst().dropLast())
    }
}
