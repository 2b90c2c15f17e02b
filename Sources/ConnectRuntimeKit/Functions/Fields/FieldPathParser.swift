// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Reads `order.items[0]["unit price"]` from the beginning of a text, and says where it ends.
struct FieldPathParser {
    private let text: [UInt8]
    private(set) var position: Int

    init(_ text: some Collection<UInt8>, from position: Int = 0) {
        self.text = Array(text)
        self.position = position
    }

    var isAtEnd: Bool { position == text.count }

    /// What was not read.
    var rest: String { String(decoding: text[position...], as: UTF8.self) }

    /// Reads a name that needs no quotes; `nil` where there is none.
    mutating func name() -> String? {
        let start = position
        while let byte = current, Self.isBare(byte) { position += 1 }
        return position > start ? String(decoding: text[start..<position], as: UTF8.self) : nil
    }

    /// Reads `.name`, `["name"]`, `[0]` and `[*]`, as many as there are.
    mutating func path() throws -> FieldPath {
        var path = FieldPath()
        while true {
            switch current {
            case UInt8(ascii: "."):
                position += 1
                guard let name = name() else {
                    throw failure("a name is missing behind the dot; write one with other characters as [\"a name\"]")
                }
                path.segments.append(.name(name))
            case UInt8(ascii: "["):
                position += 1
                path.segments.append(try bracket())
            default:
                return path
            }
            guard path.segments.count <= FieldPath.maximumLength else { throw failure("the path is too long") }
        }
    }

    private mutating func bracket() throws -> FieldPath.Segment {
        let segment: FieldPath.Segment
        switch current {
        case UInt8(ascii: "*"):
            position += 1
            segment = .each
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            segment = .name(try quoted())
        default:
            segment = .index(try index())
        }
        guard current == UInt8(ascii: "]") else { throw failure("the bracket is not closed by a ]") }
        position += 1
        return segment
    }

    private mutating func index() throws -> Int {
        let start = position
        if current == UInt8(ascii: "-") { position += 1 }
        while let byte = current, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { position += 1 }
        guard let index = Int(String(decoding: text[start..<position], as: UTF8.self)) else {
            throw failure("brackets hold an index, a name in quotation marks, or *")
        }
        return index
    }

    private mutating func quoted() throws -> String {
        let mark = current
        position += 1
        var name: [UInt8] = []
        while let byte = current, byte != mark {
            position += 1
            if byte == UInt8(ascii: "\\"), let escaped = current {
                name.append(escaped)
                position += 1
            } else {
                name.append(byte)
            }
        }
        guard current == mark else { throw failure("the name is not closed by a quotation mark") }
        position += 1
        return String(decoding: name, as: UTF8.self)
    }

    private var current: UInt8? { position < text.count ? text[position] : nil }

    private func failure(_ message: String) -> ConnectorError {
        ConnectorError(.invalidConfiguration, "\(message) (character \(position) of the field)")
    }

    /// Whether a byte can be in a name without quotation marks: letters, digits, `_`, `-`, `@`, `$`, `/`, and all that is
    /// not ASCII.
    static func isBare(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "@"),
            UInt8(ascii: "$"), UInt8(ascii: "/"), 0x80...0xFF:
            true
        default:
            false
        }
    }
}
