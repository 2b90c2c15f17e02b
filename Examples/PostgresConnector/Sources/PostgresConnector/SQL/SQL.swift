// SPDX-License-Identifier: Apache-2.0

/// Puts names and lists into SQL.
enum SQL {
    /// A name in quotes, whatever is in it (chapter "Identifiers and Key Words" of the manual).
    static func identifier(_ name: String) -> String {
        "\"" + name.replacing("\"", by: "\"\"") + "\""
    }

    /// The columns that make the key of an index `i` of `pg_index`, without those that it only includes, as an array of numbers.
    static let keyColumns = "(i.indkey::smallint[])[0:i.indnkeyatts - 1]"

    /// A name with its schema, as a configuration has it: `orders`, `sales.orders`, `"odd.name".orders`.
    ///
    /// - Returns: the parts, or `nil` where a quote is not closed or a part is empty.
    static func parts(of name: String) -> [String]? {
        var parts: [String] = []
        var part = String.UnicodeScalarView()
        var isQuoted = false
        var rest = name.unicodeScalars[...]
        while let character = rest.popFirst() {
            switch character {
            case "\"" where isQuoted && rest.first == "\"":
                part.append(character)
                rest.removeFirst()
            case "\"": isQuoted.toggle()
            case "." where !isQuoted:
                parts.append(String(part))
                part = String.UnicodeScalarView()
            default: part.append(character)
            }
        }
        parts.append(String(part))
        return isQuoted || parts.contains("") || parts.count > 2 || name.utf8.contains(0) ? nil : parts
    }

    /// An array's literal (chapter "Array Input and Output Syntax" of the manual).
    static func array(_ elements: some Sequence<String?>) -> String {
        var text: [UInt8] = [UInt8(ascii: "{")]
        for element in elements {
            if text.count > 1 { text.append(UInt8(ascii: ",")) }
            guard let element else {
                text += Array("NULL".utf8)
                continue
            }
            text.append(UInt8(ascii: "\""))
            for byte in element.utf8 {
                if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { text.append(UInt8(ascii: "\\")) }
                text.append(byte)
            }
            text.append(UInt8(ascii: "\""))
        }
        return String(decoding: text + [UInt8(ascii: "}")], as: UTF8.self)
    }

    /// Bytes in the hexadecimal form of bytea.
    static func hex(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = [UInt8(ascii: "\\"), UInt8(ascii: "x")]
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes that a bytea shows in its hexadecimal form.
    static func bytes(hex text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 2), digits.starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "x")]) else {
            return nil
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 2 - 1)
        for index in stride(from: 2, to: digits.count, by: 2) {
            guard let high = value(digits[index]), let low = value(digits[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
