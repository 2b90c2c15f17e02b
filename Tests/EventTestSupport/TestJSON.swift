// SPDX-License-Identifier: Apache-2.0

package import CloudEventsCodec

/// A JSON value for comparing: member order does not count, the text of numbers does.
package indirect enum TestJSON: Equatable {
    case object([String: TestJSON])
    case array([TestJSON])
    case string(String)
    case number(String)
    case boolean(Bool)
    case null

    package init(_ bytes: SharedBytes) throws {
        self = try bytes.withUnsafeBytes { buffer in
            var reader = JSONReader(buffer, maximumDepth: 2000)
            let value = try TestJSON(&reader, try reader.next())
            _ = try reader.next()
            return value
        }
    }

    package init(_ text: String) throws {
        try self.init(SharedBytes(utf8: text))
    }

    private init(_ reader: inout JSONReader, _ token: JSONToken) throws {
        switch token {
        case .beginObject:
            var members: [String: TestJSON] = [:]
            while case .name(let name) = try reader.next() {
                members[reader.text(name)] = try TestJSON(&reader, try reader.next())
            }
            self = .object(members)
        case .beginArray:
            var elements: [TestJSON] = []
            while true {
                let next = try reader.next()
                if next == .endArray { break }
                elements.append(try TestJSON(&reader, next))
            }
            self = .array(elements)
        case .string(let string): self = .string(reader.text(string))
        case .number(let number): self = .number(String(decoding: reader.rawBytes(number), as: UTF8.self))
        case .boolean(let value): self = .boolean(value)
        default: self = .null
        }
    }

    package subscript(name: String) -> TestJSON? {
        guard case .object(let members) = self else { return nil }
        return members[name]
    }

    package var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    package var integer: Int? {
        if case .number(let text) = self { Int(text) } else { nil }
    }

    package var elements: [TestJSON] {
        if case .array(let elements) = self { elements } else { [] }
    }

    package var members: [String: TestJSON] {
        if case .object(let members) = self { members } else { [:] }
    }

    /// The value as JSON text.
    package func write(to writer: inout JSONWriter) {
        switch self {
        case .object(let members):
            writer.writeRaw("{")
            for (index, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { writer.writeRaw(",") }
                writer.writeString(member.key)
                writer.writeRaw(":")
                member.value.write(to: &writer)
            }
            writer.writeRaw("}")
        case .array(let elements):
            writer.writeRaw("[")
            for (index, element) in elements.enumerated() {
                if index > 0 { writer.writeRaw(",") }
                element.write(to: &writer)
            }
            writer.writeRaw("]")
        case .string(let value): writer.writeString(value)
        case .number(let text): writer.writeRaw(SharedBytes(utf8: text))
        case .boolean(let value): writer.writeRaw(value ? "true" : "false")
        case .null: writer.writeRaw("null")
        }
    }

    package var bytes: SharedBytes {
        var writer = JSONWriter()
        write(to: &writer)
        return writer.finish()
    }
}
