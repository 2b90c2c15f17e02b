// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// Takes templates apart.
struct TemplateParser {
    private let variables: [String: RecordTemplate.Placeholder.Origin]

    init(_ variables: [String: String]) throws {
        self.variables = try variables.mapValues { text in
            text.hasPrefix("$.") ? .field(try Self.readable(RecordField(text))) : .constant(text)
        }
    }

    // MARK: Texts

    func textParts(_ text: String) throws -> [RecordTemplate.TextPart] {
        let bytes = Array(text.utf8)
        var parts: [RecordTemplate.TextPart] = []
        var literal: [UInt8] = []
        var position = 0
        func flush() {
            if !literal.isEmpty { parts.append(.literal(String(decoding: literal, as: UTF8.self))) }
            literal = []
        }
        while position < bytes.count {
            if bytes[position...].starts(with: "$${".utf8) {
                literal += "${".utf8
                position += 3
            } else if bytes[position...].starts(with: "${".utf8) {
                flush()
                parts.append(.placeholder(try placeholder(bytes, &position)))
            } else {
                literal.append(bytes[position])
                position += 1
            }
        }
        flush()
        return parts
    }

    /// Reads a placeholder that begins at a place; the place is behind it afterwards.
    private func placeholder(_ bytes: [UInt8], _ position: inout Int) throws -> RecordTemplate.Placeholder {
        let start = position
        do {
            position += 2
            let origin = try origin(bytes, &position)
            var placeholder = RecordTemplate.Placeholder(origin: origin, fallback: nil)
            if bytes[position...].starts(with: ":-".utf8) { placeholder.fallback = fallback(bytes, &position) }
            guard position < bytes.count, bytes[position] == UInt8(ascii: "}") else {
                throw ConnectorError(.invalidConfiguration, "it is not closed by a } behind the field")
            }
            position += 1
            return placeholder
        } catch let error as ConnectorError {
            let shown = String(decoding: bytes[start...].prefix(40), as: UTF8.self)
            throw ConnectorError(
                .invalidConfiguration,
                "the placeholder at \"\(shown)\" cannot be read: \(error.message); write $${ for ${ as a text"
            )
        }
    }

    private func origin(_ bytes: [UInt8], _ position: inout Int) throws -> RecordTemplate.Placeholder.Origin {
        if !variables.isEmpty {
            var end = position
            while end < bytes.count, bytes[end] != UInt8(ascii: "}"), !bytes[end...].starts(with: ":-".utf8) {
                end += 1
            }
            if let origin = variables[String(decoding: bytes[position..<end], as: UTF8.self)] {
                position = end
                return origin
            }
        }
        var parser = FieldPathParser(bytes, from: position)
        let field = try RecordField(&parser)
        position = parser.position
        return .field(try Self.readable(field))
    }

    private static func readable(_ field: RecordField) throws -> RecordField {
        guard field.isAmbiguous else { return field }
        throw ConnectorError(.invalidConfiguration, "\(field) means several values; give one of them an index")
    }

    /// Up to the brace that closes the placeholder: `{}` can be a fallback.
    private func fallback(_ bytes: [UInt8], _ position: inout Int) -> String {
        position += 2
        let start = position
        var depth = 0
        while position < bytes.count {
            if bytes[position] == UInt8(ascii: "{") { depth += 1 }
            if bytes[position] == UInt8(ascii: "}") {
                guard depth > 0 else { break }
                depth -= 1
            }
            position += 1
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    // MARK: JSON

    func jsonParts(_ text: String) throws -> (parts: [RecordTemplate.Part], hasOpenNames: Bool) {
        var scan = JSONTemplateScan()
        let bytes = Array(text.utf8)
        var position = 0
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                let literal = Self.literal(bytes, &position)
                guard case .string(let text)? = try? StructuredValue(json: SharedBytes(literal)) else {
                    throw Self.noJSON("the string at byte \(position - literal.count) is not one of JSON")
                }
                scan.add(string: try textParts(text), isName: Self.isName(bytes, position))
            case UInt8(ascii: "$") where bytes[position...].starts(with: "${".utf8):
                scan.add(value: try placeholder(bytes, &position))
            case let byte:
                scan.add(byte)
                position += 1
            }
        }
        return try scan.finish()
    }

    func jsonParts(_ value: StructuredValue) throws -> (parts: [RecordTemplate.Part], hasOpenNames: Bool) {
        var scan = JSONTemplateScan()
        do {
            // Before anything goes into the depth of it.
            _ = try value.validatedJSON()
        } catch {
            throw Self.noJSON((error as? ConnectorError)?.message ?? "\(error)")
        }
        try add(value, to: &scan)
        return try scan.finish()
    }

    private func add(_ value: StructuredValue, to scan: inout JSONTemplateScan) throws {
        switch value {
        case .string(let text):
            let parts = try textParts(text)
            if parts.count == 1, case .placeholder(let only) = parts[0] {
                scan.add(value: only)
            } else {
                scan.add(string: parts, isName: false)
            }
        case .array(let elements):
            scan.add(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { scan.add(UInt8(ascii: ",")) }
                try add(element, to: &scan)
            }
            scan.add(UInt8(ascii: "]"))
        case .object(let object):
            scan.add(UInt8(ascii: "{"))
            for (index, member) in object.members.enumerated() {
                if index > 0 { scan.add(UInt8(ascii: ",")) }
                scan.add(string: try textParts(member.name), isName: true)
                scan.add(UInt8(ascii: ":"))
                try add(member.value, to: &scan)
            }
            scan.add(UInt8(ascii: "}"))
        default:
            scan.add(value.json)
        }
    }

    /// A string of JSON with its quotation marks, as far as it goes.
    private static func literal(_ bytes: [UInt8], _ position: inout Int) -> [UInt8] {
        let start = position
        position += 1
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
            position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
        }
        position = min(position + 1, bytes.count)
        return Array(bytes[start..<position])
    }

    private static func isName(_ bytes: [UInt8], _ position: Int) -> Bool {
        bytes[position...].first { $0 > 0x20 } == UInt8(ascii: ":")
    }

    static func noJSON(_ reason: String) -> ConnectorError {
        ConnectorError(.invalidConfiguration, "the template is no JSON: \(reason)")
    }
}

/// A template of JSON in the making, and beside it the same with other things in the place of placeholders, to be checked.
private struct JSONTemplateScan: ~Copyable {
    private var parts: [RecordTemplate.Part] = []
    private var raw = JSONWriter(capacity: 256)
    private var sample = JSONWriter(capacity: 256)
    private var depth = 0
    private var placeholders = 0
    private var hasOpenNames = false

    mutating func add(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
        // White space would be in each record, and around JSON there must be none.
        case 0x20, 0x09, 0x0A, 0x0D:
            sample.writeRaw(byte)
            return
        default: break
        }
        raw.writeRaw(byte)
        sample.writeRaw(byte)
    }

    mutating func add(_ json: SharedBytes) {
        raw.writeRaw(json)
        sample.writeRaw(json)
    }

    mutating func add(string: [RecordTemplate.TextPart], isName: Bool) {
        var text = ""
        var isOpen = false
        for part in string {
            if case .literal(let literal) = part {
                text += literal
            } else {
                placeholders += 1
                isOpen = true
                // Two names that are open need not be the same.
                text += "\u{FFFC}\(placeholders)"
            }
        }
        sample.writeString(text)
        guard isOpen else { return raw.writeString(text) }
        hasOpenNames = hasOpenNames || isName
        flush()
        parts.append(.text(string))
    }

    mutating func add(value: RecordTemplate.Placeholder) {
        sample.writeRaw("null")
        flush()
        parts.append(.value(value, depth: depth))
    }

    private mutating func flush() {
        if raw.count > 0 { parts.append(.raw(raw.takeBytes())) }
    }

    consuming func finish() throws -> (parts: [RecordTemplate.Part], hasOpenNames: Bool) {
        flush()
        do {
            _ = try StructuredValue(json: sample.takeBytes())
        } catch let error as ConnectorError {
            throw TemplateParser.noJSON("with null in the place of each placeholder, \(error.message)")
        }
        return (parts, hasOpenNames)
    }
}
