// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
public import OpenConnect

/// Which stream a record goes to: a name, perhaps with parts of the record in it, such as `orders-{subject}`.
///
/// Between braces stand `partition`, `key`, `id`, `source`, `type`, `subject`, or the name of an extension attribute;
/// two braces stand for one.
public struct StreamName: Sendable, Hashable, CustomStringConvertible {
    private enum Part: Sendable {
        case text(String)
        case partition, key, id, source, type, subject
        case `extension`(AttributeName)
    }

    /// The name as it was given.
    public let description: String
    private let parts: [Part]

    /// A name, or a template of one.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError`` with the code `invalidConfiguration` that says what is wrong with it.
    public init(_ template: String) throws {
        description = template
        parts = try Self.parts(of: template)
        if parts.isEmpty { throw Self.flaw("the name of a stream is not empty") }
    }

    /// Whether both name the same streams, byte by byte.
    public static func == (left: StreamName, right: StreamName) -> Bool {
        left.description.hasSameBytes(as: right.description)
    }

    /// Hashes the name.
    public func hash(into hasher: inout Hasher) { hasher.combine(description) }

    /// The name where it is the same for every record.
    var constant: String? {
        parts.reduce("") { name, part in
            guard let name, case .text(let text) = part else { return nil }
            return name + text
        }
    }

    /// Whether records of one lane all have the same stream.
    var isFixedByPartition: Bool {
        parts.allSatisfy { part in
            switch part {
            case .text, .partition: true
            default: false
            }
        }
    }

    /// The stream of a record.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError`` with the code `invalidRecord` that names what the record does not have.
    func name(for record: ConnectorRecord) throws -> String {
        var name = ""
        for part in parts {
            guard let text = Self.text(of: part, record), !text.isEmpty else {
                throw ConnectorError(
                    .invalidRecord,
                    "the stream '\(description)' needs something that the record does not have: \(Self.words(for: part))",
                    position: record.position
                )
            }
            name += text
        }
        return name
    }

    private static func text(of part: Part, _ record: ConnectorRecord) -> String? {
        switch part {
        case .text(let text): text
        case .partition: record.partition.name
        case .key: record.key.flatMap { String(validatingUTF8: $0.bytes) }
        case .id: record.id
        case .source: record.source?.string
        case .type: record.type
        case .subject: record.subject
        case .extension(let name): record[extension: name]?.canonicalString
        }
    }

    private static func words(for part: Part) -> String {
        switch part {
        case .text: "a name"
        case .partition: "a named partition"
        case .key: "a key that is text"
        case .extension(let name): "the attribute \(name)"
        case .id: "an id"
        case .source: "a source"
        case .type: "a type"
        case .subject: "a subject"
        }
    }

    private static func parts(of template: String) throws -> [Part] {
        var parts: [Part] = []
        var literal = ""
        var rest = template[...]
        while let character = rest.popFirst() {
            if character == "{" || character == "}", rest.first == character {
                literal.append(character)
                rest.removeFirst()
            } else if character == "{" {
                guard let end = rest.firstIndex(of: "}") else { throw flaw("a brace is not closed") }
                if !literal.isEmpty { parts.append(.text(literal)) }
                literal = ""
                parts.append(try part(named: String(rest[..<end])))
                rest = rest[rest.index(after: end)...]
            } else if character == "}" {
                throw flaw("a brace is closed that was not opened; write two of them for one")
            } else {
                literal.append(character)
            }
        }
        return literal.isEmpty ? parts : parts + [.text(literal)]
    }

    private static func part(named name: String) throws -> Part {
        switch name {
        case "partition": return .partition
        case "key": return .key
        case "id": return .id
        case "source": return .source
        case "type": return .type
        case "subject": return .subject
        default:
            guard let attribute = try? AttributeName(name) else { throw flaw("'\(name)' is no attribute of an event") }
            return .extension(attribute)
        }
    }

    private static func flaw(_ message: String) -> ConnectorError {
        ConnectorError(.invalidConfiguration, "stream: \(message)")
    }
}

extension StreamName: SettingValue {
    /// A text.
    public static var settingShape: SettingShape { String.settingShape }

    /// Reads a name or a template.
    public init(setting input: SettingInput) throws {
        do {
            try self.init(input.text())
        } catch let error as ConnectorError {
            throw input.problem(error.message)
        }
    }

    /// The name as it was given.
    public var settingText: StructuredValue? { .string(description) }
}
